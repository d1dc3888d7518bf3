import { describe, expect, test } from "vitest";
import { Handover } from "./handover.js";

describe("a handover", () => {
  test("gives each item to one taker, whoever comes first", async () => {
    const hand = new Handover<number>();
    const first = hand.take();
    await hand.give(1);
    const given = hand.give(2);
    expect([await first, await hand.take()]).toEqual([
      { done: false, value: 1 },
      { done: false, value: 2 },
    ]);
    await given;
  });

  test("an item that nobody took makes room for the next", async () => {
    const hand = new Handover<number>();
    const dropped = hand.give(1);
    void hand.give(2);
    await dropped;
    expect(await hand.take()).toEqual({ done: false, value: 2 });
  });

  test("an end reaches the taker that waits and every later one, and lets the giver go", async () => {
    const hand = new Handover<number>();
    const waiting = hand.take();
    hand.end();
    const over = { done: true, value: undefined };
    expect([await waiting, await hand.take()]).toEqual([over, over]);
    await hand.give(1);
    const ended = new Handover<number>();
    ended.end();
    await ended.give(1);
    const other = new Handover<number>();
    const given = other.give(1);
    other.end();
    await given;
  });

  test("a failure reaches the taker that waits and every later one; the first word counts", async () => {
    const hand = new Handover<number>();
    const waiting = expect(hand.take()).rejects.toBe("broken");
    hand.fail("broken");
    hand.end();
    await waiting;
    await expect(hand.take()).rejects.toBe("broken");
  });
});
