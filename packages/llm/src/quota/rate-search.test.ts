import { describe, expect, test } from "vitest";
import { RateSearch } from "./rate-search.js";

function stepped(search: RateSearch, fromMs: number, toMs: number): void {
  for (let nowMs = fromMs; nowMs <= toMs; nowMs += 50) search.grow(nowMs, true);
}

describe("a search for a rate", () => {
  test("rises by a quarter in half a second while nothing more is refused, as long as it holds somebody back", () => {
    const search = new RateSearch(40);
    search.refused({ sentMs: 0, nowMs: 10, admitted: 40 }, 1);
    stepped(search, 10, 1060);
    const used = search.perSecond;
    for (let nowMs = 1110; nowMs < 5000; nowMs += 50) search.grow(nowMs, false);

    expect(used).toBe(20 * 1.25 ** 2);
    expect(search.perSecond).toBe(used);
  });

  test("is cut once per episode: what was sent before the last cut says nothing new", () => {
    const search = new RateSearch(100);

    expect(search.refused({ sentMs: 1000, nowMs: 1010, admitted: 50 }, 1)).toBe(true);
    expect(search.refused({ sentMs: 1005, nowMs: 1012, admitted: 50 }, 1)).toBe(false);
    expect(search.perSecond).toBe(50);
  });

  test("takes what was let in between two refusals for the rate itself", () => {
    const search = new RateSearch(100);
    search.refused({ sentMs: 1000, nowMs: 1010, admitted: 100 }, 1);
    search.refused({ sentMs: 3000, nowMs: 3010, admitted: 180 }, 1);

    expect(search.perSecond).toBeGreaterThan(38.5);
    expect(search.perSecond).toBeLessThan(40);
  });

  test("holds what it measured, raises it a little, and looks further when nothing is refused for long", () => {
    const search = new RateSearch(100);
    search.refused({ sentMs: 1000, nowMs: 1010, admitted: 100 }, 1);
    search.refused({ sentMs: 3000, nowMs: 3010, admitted: 180 }, 1);
    stepped(search, 3010, 8010);
    const held = search.perSecond;
    stepped(search, 8010, 23_010);

    expect(held).toBeLessThan(42.5);
    expect(search.perSecond).toBeGreaterThan(80);
  });

  test("halves where growth is too fast, and is back at its ceiling after a minute", () => {
    const search = new RateSearch(50, 1, 50);
    search.halve(0, 10);
    const halved = search.perSecond;
    stepped(search, 10, 59_000);
    const isOverEarly = search.isOver;
    stepped(search, 59_000, 61_000);

    expect([halved, isOverEarly, search.isOver, search.perSecond]).toEqual([25, false, true, 50]);
  });
});
