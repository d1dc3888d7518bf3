import { expect, test } from "vitest";
import { Recent } from "./recent.js";

test("what was used lately is the same object, and what was not is made again", () => {
  let made = 0;
  const recent = new Recent(2, () => ++made);
  expect(["a", "b", "a", "c", "a", "d", "e", "f"].map((name) => recent.of(name))).toEqual([1, 2, 1, 3, 1, 4, 5, 6]);
  expect(recent.of("b")).toBe(7);
});

test("at most twice the capacity is remembered, each name once", () => {
  const recent = new Recent(10, (name) => name);
  for (let index = 0; index < 1000; index++) recent.of(`${index % 37}`);
  const names: string[] = [];
  recent.each((_, name) => names.push(name));
  expect(names.length).toBeLessThanOrEqual(20);
  expect(new Set(names).size).toBe(names.length);
  recent.clear();
  recent.each(() => expect.unreachable("nothing is left"));
});
