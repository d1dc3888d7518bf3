import { expect, test } from "vitest";
import { count, money, percent, perSecond, plural, short, time } from "./format.js";

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
