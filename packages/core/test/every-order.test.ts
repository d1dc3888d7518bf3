import { expect, test } from "vitest";
import { everyOrder } from "./every-order.js";

test("every sequence of choices is played once, also where a choice decides what may be chosen next", async () => {
  const played: string[] = [];
  const plays = await everyOrder(async (choose) => {
    const left = ["a", "b", "c"];
    let order = "";
    while (left.length > 0 && !order.endsWith("c")) order += left.splice(choose(left.length), 1);
    played.push(order);
  });
  expect(played).toEqual(["abc", "ac", "bac", "bc", "c"]);
  expect(plays).toBe(5);
});

test("what is not the same for the same choices is noticed", async () => {
  let options = 2;
  await expect(everyOrder(async (choose) => void choose(options++))).rejects.toThrow(
    "choice 0 was of 2 and now is of 3",
  );
});
