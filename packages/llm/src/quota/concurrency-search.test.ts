import { describe, expect, test } from "vitest";
import { ConcurrencySearch } from "./concurrency-search.js";

describe("a search for how many may be in flight", () => {
  test("grows by one with each answer until one is refused, and then by one with each round of answers", () => {
    const search = new ConcurrencySearch(10);
    for (let i = 0; i < 10; i++) search.answered(10, i);
    const doubled = search.limit;
    search.refused(20, 100, 110);
    const cut = search.limit;
    for (let i = 0; i < 18; i++) search.answered(17, 200 + i);

    expect([doubled, cut, search.limit]).toEqual([20, 17, 18]);
  });

  test("doubles in a fifth of a second while somebody waits and nothing is refused, little by little", () => {
    const search = new ConcurrencySearch(10);
    const limits: number[] = [];
    let nowMs = 0;
    while (nowMs < 200) {
      nowMs += search.nextPlaceMs(nowMs);
      search.grow(nowMs);
      limits.push(search.limit);
    }

    expect(limits).toEqual([11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
  });

  test("does not grow while nobody waits, however long", () => {
    const search = new ConcurrencySearch(10);
    search.grow(60_000);
    const alone = search.limit;
    search.nextPlaceMs(60_000);
    search.grow(120_000);

    expect([alone, search.limit]).toEqual([10, 20]);
  });

  test("stays right below where it was refused when the server said that it was for their number", () => {
    const search = new ConcurrencySearch(10);
    search.refused(51, 0, 10, true);

    expect([search.limit, search.nextPlaceMs(20)]).toEqual([50, Number.POSITIVE_INFINITY]);
  });

  test("is not raised by answers that came with few in flight", () => {
    const search = new ConcurrencySearch(10);
    for (let i = 0; i < 100; i++) search.answered(4, i);

    expect(search.limit).toBe(10);
  });

  test("is cut once per episode", () => {
    const search = new ConcurrencySearch(100);

    expect([search.refused(50, 0, 10), search.refused(50, 5, 11)]).toEqual([true, false]);
    expect(search.limit).toBe(44);
  });

  test("stays right below where it was refused twice, and tries one more after ten seconds", () => {
    const search = new ConcurrencySearch(100);
    search.refused(51, 0, 10);
    search.refused(51, 20, 30);
    for (let nowMs = 40; nowMs < 9000; nowMs += 10) search.answered(50, nowMs);
    const held = search.limit;
    search.answered(50, 10_040);

    expect([held, search.limit]).toEqual([50, 51]);
  });
});
