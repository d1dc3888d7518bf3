import { describe, expect, test } from "vitest";
import { parseItems } from "./structured-fields.js";

/** Items as plain data. */
function plain(field: string): unknown {
  return parseItems(field)?.map(({ value, parameters }) => [value, Object.fromEntries(parameters)]);
}

describe("a list of items", () => {
  test.each([
    ["1", 1],
    ["-1", -1],
    ["1.5", 1.5],
    ["123456789012.125", 123_456_789_012.125],
    ["-0.125", -0.125],
    ["999999999999999", 999_999_999_999_999],
    ['"a b"', { text: "a b" }],
    ['""', { text: "" }],
    ['"a \\"b\\" \\\\ c"', { text: 'a "b" \\ c' }],
    [":cHsdsRa894==:", { base64: "cHsdsRa894==" }],
    ["?1", true],
    ["?0", false],
    ["token", undefined],
    ["*to/k:en", undefined],
    ["@1659578233", undefined],
    ['%"f%c3%bc"', undefined],
  ])("reads %s", (field, value) => {
    expect(plain(field)).toEqual([[value, {}]]);
  });

  test("reads parameters, with and without a value, the last of a name", () => {
    expect(plain('"a";q=1; w=2;on;q="3";*k_-.*=?0')).toEqual([
      [{ text: "a" }, { q: { text: "3" }, w: 2, on: true, "*k_-.*": false }],
    ]);
  });

  test("reads several members, with spaces and tabs about the comma, and spaces about the whole", () => {
    expect(plain('  1 ,\t2,"c";x=1  ')).toEqual([
      [1, {}],
      [2, {}],
      [{ text: "c" }, { x: 1 }],
    ]);
  });

  test.each([
    "",
    ",",
    "1,",
    ",1",
    "1 2",
    "1;",
    "1;A=1",
    "1;a=",
    "1 ;a=1",
    '"a',
    'a"',
    '"ü"',
    '"a\\b"',
    ":a",
    ":a===:",
    "?2",
    "1.",
    "1.2345",
    "1234567890123.1",
    "9999999999999999",
    "--1",
    "(1 2)",
    "limit=100, remaining=5",
    "\t1",
    "@",
    "%",
    "@12x",
    "x@1",
  ])("is not %j", (field) => {
    expect(parseItems(field)).toBeUndefined();
  });

  test("a long field that breaks at its end is refused in no time", () => {
    const startedMs = performance.now();
    expect(parseItems(`"${"a\\\\".repeat(100_000)}`)).toBeUndefined();
    expect(parseItems(`"a"${";a=1".repeat(100_000)}!`)).toBeUndefined();
    expect(performance.now() - startedMs).toBeLessThan(1000);
  });
});
