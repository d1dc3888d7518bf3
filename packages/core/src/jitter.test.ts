import { describe, expect, test } from "vitest";
import { equalJitter, fullJitter, OptionError, randomJitter } from "./index.js";

const least = (): number => 0;
const most = (): number => 1 - 2 ** -53;

describe("jitter", () => {
  test.each([
    ["fullJitter", fullJitter, 0, 8000],
    ["equalJitter", equalJitter, 4000, 8000],
    ["randomJitter", randomJitter, 8000, 9000],
    ["randomJitter of 250 ms", randomJitter("250ms"), 8000, 8250],
    ["randomJitter of nothing", randomJitter(0), 8000, 8000],
  ])("%s of 8 s lies where it should", (_, jitter, from, to) => {
    expect(jitter(8000, least)).toBe(from);
    expect(jitter(8000, most)).toBeCloseTo(to, 6);
    expect(jitter(8000, () => 0.5)).toBe((from + to) / 2);
  });

  test.each([fullJitter, equalJitter])("%o never raises a wait, for any wait and any chance", (jitter) => {
    for (let wait = 0; wait < 100; wait++) {
      const jittered = jitter(wait);
      expect(jittered >= 0 && jittered <= wait).toBe(true);
    }
  });

  test("a spread that is no duration is refused", () => {
    expect(() => randomJitter(-1)).toThrow(OptionError);
    expect(() => randomJitter("1 s" as never)).toThrow("expected `spread` to be a duration");
  });
});
