import { expect, test } from "vitest";
import { count, money, percent, perSecond, plural, short, time, timesApart } from "./format.js";

test.each([
  [count(1319), "1,319"],
  [short(999), "999"],
  [short(12_345), "12.3k"],
  [short(123_456), "123k"],
  [short(999_499), "999k"],
  [short(999_500), "1.0M"],
  [perSecond(0.52), "0.5/s"],
  [perSecond(98.4), "98/s"],
  [time(400), "0.4 s"],
  [time(9949), "9.9 s"],
  [time(9950), "10 s"],
  [time(59_499), "59 s"],
  [time(59_500), "1 min 00 s"],
  [time(125_000), "2 min 05 s"],
  [time(11_520_000), "3 h 12 min"],
  [plural(1, "item"), "1 item"],
  [plural(2000, "item"), "2,000 items"],
  [money(0, "USD"), "$0.00"],
  [money(0.00507, "USD"), "$0.0051"],
  [money(0.09999, "USD"), "$0.100"],
  [money(0.996, "USD"), "$1.00"],
  [money(1234.5, "EUR"), "1,234.50 EUR"],
  [percent(0), "0%"],
  [percent(0.0071), "0.7%"],
  [percent(0.0995), "10%"],
  [percent(0.98), "98%"],
])("%s", (text, expected) => {
  expect(text).toBe(expected);
});

test.each<[readonly number[], readonly string[]]>([
  [[], []],
  [
    [100, 900, 12_000],
    ["0.1 s", "0.9 s", "12 s"],
  ],
  [
    [52, 104, 208],
    ["0.05 s", "0.10 s", "0.21 s"],
  ],
  [
    [5, 5.1, 61_000],
    ["0.0050 s", "0.0051 s", "1 min 01 s"],
  ],
  [
    [10_000, 10_200],
    ["10.00 s", "10.20 s"],
  ],
  [
    [7, 7],
    ["0.0 s", "0.0 s"],
  ],
  [
    [1e-9, 2e-9],
    ["0.000000 s", "0.000000 s"],
  ],
])("lengths of time side by side have the digits that tell them apart: %j", (lengthsMs, texts) => {
  expect(timesApart(lengthsMs)).toEqual(texts);
});
