import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseRetryAfter } from "./retry-after.js";

const numRuns = Number(process.env["BIDE_PROPERTY_RUNS"] ?? 10_000);

const NOW = Date.UTC(2026, 10, 24, 12, 0, 0);

function parsed(fields: Record<string, string>, nowMs = NOW): number | undefined {
  return parseRetryAfter({ get: (name) => fields[name] ?? null }, nowMs);
}

describe("Retry-After", () => {
  test.each([
    ["0", 0],
    ["1", 1000],
    [" 120 ", 120_000],
    ["1.5", 1500],
    ["0.0001", 1],
    ["9".repeat(400), Number.MAX_SAFE_INTEGER],
  ])("%j is a number of seconds", (field, ms) => {
    expect(parsed({ "retry-after": field })).toBe(ms);
  });

  test.each(["", "-1", "+1", "1e3", "0x10", "NaN", "Infinity", "1,2", "1s", ".5", "5.", "soon", "x1", "2026-11-24"])(
    "%j is no hint",
    (field) => {
      expect(parsed({ "retry-after": field })).toBeUndefined();
    },
  );

  test("no field is no hint", () => {
    expect(parsed({})).toBeUndefined();
  });

  test("a date is counted from the response's own Date, whatever the clock here says", () => {
    const fields = { "retry-after": "Tue, 24 Nov 2026 12:00:30 GMT", date: " Tue, 24 Nov 2026 12:00:10 GMT " };
    expect(parsed(fields, NOW + 3_600_000)).toBe(20_000);
  });

  test.each([{}, { date: "yesterday" }])("a date is counted from now without a Date that can be read: %j", (date) => {
    expect(parsed({ "retry-after": "Tue, 24 Nov 2026 12:00:30 GMT", ...date })).toBe(30_000);
  });

  test("a date that has passed asks for no wait", () => {
    expect(parsed({ "retry-after": "Sun, 06 Nov 1994 08:49:37 GMT" })).toBe(0);
  });

  test("whatever is sent, the answer is a finite number >= 0 or none, and never an error", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.stringMatching(/^[\d.eE+-]{1,20}$/),
      fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
      fc.stringMatching(/^(Sun|Sunday), \d\d[ -]Nov[ -]\d{2,4} \d\d:\d\d:\d\d GMT$/),
    );
    const now = fc.integer({ min: 0, max: 8.64e15 });
    fc.assert(
      fc.property(text, text, now, (field, date, nowMs) => {
        const ms = parsed({ "retry-after": field, date }, nowMs);
        return ms === undefined || (Number.isFinite(ms) && ms >= 0);
      }),
      { numRuns },
    );
  });
});
