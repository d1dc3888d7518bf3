import { PRICE_LIST } from "@bide/llm";
import { describe, expect, test } from "vitest";
import type { OpenRequest } from "../run/item-feed.js";
import { CostBound } from "../run/money.js";
import { Feed } from "./feed.js";

/** A token costs a dollar, in and out. */
const PRICES = { ...PRICE_LIST, models: { emu: { input: 1e6, output: 1e6 } } };

/** A feed of so many requests, within a bound; each may cost about 30 dollars for its bytes, and `mostOutput` on top. */
function feedOf(count: number, maxCost: number, mostOutput?: number): Feed {
  async function* requests(): AsyncGenerator<OpenRequest, void, void> {
    for (let line = 1; line <= count; line++) {
      const customId = `id-${line}`;
      const item = { line, offset: 0, length: 0, customId, fingerprint: Buffer.from(customId) };
      const body = { model: "emu", ...(mostOutput !== undefined && { max_tokens: mostOutput }) };
      yield { item, request: { customId, url: "/v1/chat/completions", body } };
    }
  }
  return new Feed(requests(), new CostBound(PRICES, maxCost, 0));
}

function namesOf(taken: readonly OpenRequest[]): readonly string[] {
  return taken.map(({ item }) => item.customId);
}

describe("what a run gives out", () => {
  test("is as many as are wanted, in order, to the end", async () => {
    const feed = feedOf(5, Number.POSITIVE_INFINITY);
    expect(namesOf(await feed.take(3))).toEqual(["id-1", "id-2", "id-3"]);
    expect([feed.isAtEnd, namesOf(await feed.take(3)), feed.isAtEnd]).toEqual([false, ["id-4", "id-5"], true]);
  });

  test("stops where the next one could cost more than is left, and goes on when the others cost less", async () => {
    const feed = feedOf(5, 300, 100);
    const first = await feed.take(5);
    expect([namesOf(first), feed.isBlocked, feed.isSpent]).toEqual([["id-1", "id-2"], true, false]);
    for (const open of first) feed.done(open, 10);
    expect(namesOf(await feed.take(5))).toEqual(["id-3", "id-4"]);
  });

  test("ends where nothing is out that could leave more for it", async () => {
    const feed = feedOf(5, 300, 100);
    for (const open of await feed.take(5)) feed.done(open, 140);
    expect([namesOf(await feed.take(5)), feed.isBlocked, feed.isSpent]).toEqual([[], false, true]);
  });

  test("is a few of those that set no bound to their answer, until one of them tells what it costs", async () => {
    const feed = feedOf(20, 1000);
    const first = await feed.take(20);
    expect([first.length, feed.isBlocked]).toEqual([8, true]);
    for (const open of first) feed.done(open, 100);
    // By their mean two more of them may go, and a third one would be too many.
    expect((await feed.take(20)).length).toBe(2);
  });
});
