import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseHttpDate } from "./http-date.js";

const numRuns = Number(process.env["BIDE_PROPERTY_RUNS"] ?? 10_000);

const NOW = Date.UTC(2026, 10, 24);
const SAMPLE = Date.UTC(1994, 10, 6, 8, 49, 37);

describe("an HTTP date", () => {
  test.each([
    ["IMF-fixdate", "Sun, 06 Nov 1994 08:49:37 GMT"],
    ["RFC 850", "Sunday, 06-Nov-94 08:49:37 GMT"],
    ["asctime", "Sun Nov  6 08:49:37 1994"],
  ])("is read in the form %s", (_form, text) => {
    expect(parseHttpDate(text, NOW)).toBe(SAMPLE);
  });

  test.each([
    ["two digits name a year at most 50 years ahead", "Tuesday, 24-Nov-76 00:00:00 GMT", Date.UTC(2076, 10, 24)],
    ["two digits further ahead name one in the past", "Wednesday, 24-Nov-77 00:00:00 GMT", Date.UTC(1977, 10, 24)],
    ["a leap second is the second after it", "Sat, 31 Dec 2016 23:59:60 GMT", Date.UTC(2017, 0, 1)],
    ["29 February exists in a leap year", "Thu, 29 Feb 2024 00:00:00 GMT", Date.UTC(2024, 1, 29)],
    ["a day of two digits in asctime's form", "Wed Nov 16 08:49:37 1994", Date.UTC(1994, 10, 16, 8, 49, 37)],
    ["a year below 100 is no year of the 1900s", "Sun, 06 Nov 0094 08:49:37 GMT", Date.parse("0094-11-06T08:49:37Z")],
  ])("%s", (_rule, text, ms) => {
    expect(parseHttpDate(text, NOW)).toBe(ms);
  });

  test("two digits before the turn of a century mean the near year of the next one", () => {
    const in2099 = Date.UTC(2099, 11, 31);
    expect(parseHttpDate("Friday, 01-Jan-00 00:00:00 GMT", in2099)).toBe(Date.UTC(2100, 0, 1));
  });

  test.each([
    "",
    "1.5",
    "2026-11-24T00:00:00Z",
    "Sun, 06 Nov 1994 08:49:37 UTC",
    "Sun, 06 Nov 1994 08:49:37",
    "Sun, 6 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 24:00:00 GMT",
    "Sun, 06 Nov 1994 08:60:37 GMT",
    "Sun, 06 Nov 1994 08:49:61 GMT",
    "Sun, 30 Feb 1994 08:49:37 GMT",
    "Sun, 00 Nov 1994 08:49:37 GMT",
    "Sun, 06 nov 1994 08:49:37 GMT",
    "Sunday, 06-Nov-1994 08:49:37 GMT",
    "Sun, 06-Nov-94 08:49:37 GMT",
    "xSun, 06 Nov 1994 08:49:37 GMT",
    "xSunday, 06-Nov-94 08:49:37 GMT",
    "Sunday, 06-Nov-94 08:49:37 GMTx",
    "xSun Nov  6 08:49:37 1994",
    "Sun Nov  6 08:49:37 1994 GMT",
    "Sun, 06 Nov 1994 08:49:37 GMTx",
  ])("is not %j", (text) => {
    expect(parseHttpDate(text, NOW)).toBeUndefined();
  });

  test("is read back to the second it was written with", () => {
    const seconds = fc.integer({ min: 0, max: 253_402_300_799 });
    fc.assert(
      fc.property(seconds, (at) => parseHttpDate(new Date(at * 1000).toUTCString(), NOW) === at * 1000),
      { numRuns },
    );
  });
});
