import { expect, it } from "vitest";
import { LinkedList } from "./linked-list.js";

it("gives what is in it in the order of its coming", () => {
  const list = new LinkedList<string>();
  for (const value of ["a", "b", "c"]) list.add(value);
  expect([...list]).toEqual(["a", "b", "c"]);
  expect(list.isEmpty).toBe(false);
});

it.each([
  [0, ["b", "c", "d"]],
  [1, ["a", "c", "d"]],
  [2, ["a", "b", "d"]],
])("takes out what came at place %i, and what comes later stands at the end", (place, left) => {
  const list = new LinkedList<string>();
  const leave = ["a", "b", "c"].map((value) => list.add(value));
  leave[place]?.();
  list.add("d");
  expect([...list]).toEqual(left);
});

it("is empty when the last one is taken out, and takes others", () => {
  const list = new LinkedList<string>();
  const leave = list.add("a");
  expect(list.isEmpty).toBe(false);
  leave();
  expect(list.isEmpty).toBe(true);
  expect([...list]).toEqual([]);
  list.add("b");
  expect([...list]).toEqual(["b"]);
});

it("takes each value out once, however often it is told to", () => {
  const list = new LinkedList<string>();
  const leave = list.add("a");
  leave();
  list.add("a");
  leave();
  expect([...list]).toEqual(["a"]);
});

it("lets what it has just given be taken out", () => {
  const list = new LinkedList<number>();
  const leave = [0, 1, 2].map((value) => list.add(value));
  const given: number[] = [];
  for (const value of list) {
    given.push(value);
    leave[value]?.();
  }
  expect(given).toEqual([0, 1, 2]);
  expect(list.isEmpty).toBe(true);
});
