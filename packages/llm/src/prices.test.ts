import { describe, expect, test } from "vitest";
import { PRICE_LIST } from "./price-list.js";
import { checkPrices, costOf, type Price, parsePriceList, priceOf } from "./prices.js";

const MINI: Price = { input: 0.15, output: 0.6, cachedInput: 0.075 };

describe("a list of prices", () => {
  test("is read as it is written", () => {
    const list = { date: "2026-01-31", currency: "EUR", models: { "gpt-4o-mini": MINI } };

    expect(parsePriceList(JSON.stringify(list), "prices.json")).toEqual(list);
  });

  test("the one that ships is of a day, and passes its own checks", () => {
    expect(parsePriceList(JSON.stringify(PRICE_LIST), "shipped")).toEqual(PRICE_LIST);
  });

  test.each([
    ["[]", "expected a JSON object with `date`, `currency` and `models`"],
    [`{"models":{}}`, "`date` must be the day of the prices, such as 2026-09-23"],
    [`{"date":"2026-01-31","currency":"$","models":{}}`, "`currency` must be three letters, such as USD"],
    [`{"date":"2026-01-31"}`, "`models` must be an object: a price for each model's name"],
    [`{"date":"2026-01-31","models":{"m":{"input":1}}}`, "expected `models.m.output` to be a number >= 0"],
    [`{"date":"2026-01-31","models":{"m":{"input":"1","output":1}}}`, "expected `models.m.input` to be a number >= 0"],
    [`{"date":"2026-01-31","models":{"m":1}}`, "expected `models.m` to be an object with `input` and `output`"],
    [`{"date":"2026-01-31","models":{"m":{"input":1,"output":1,"cached":1}}}`, "`cached`"],
  ])("%s is refused: names the file and the field", (text, sentence) => {
    const parse = (): unknown => parsePriceList(text, "prices.json");

    expect(parse).toThrow("prices.json: ");
    expect(parse).toThrow(sentence);
  });

  test("a price below nought is refused", () => {
    expect(() => checkPrices({ m: { input: -1, output: 0 } })).toThrow("models.m.input");
  });
});

describe("the price of a model", () => {
  const exact: Price = { input: 9, output: 9 };
  const prices = {
    "gpt-4o-mini": MINI,
    "claude-haiku-4-5": MINI,
    "openai/gpt-oss-20b": MINI,
    "gpt-4o-2024-05-13": exact,
  };

  test.each([
    ["gpt-4o-mini", MINI],
    ["gpt-4o-mini-2024-07-18", MINI],
    ["openai/gpt-4o-mini", MINI],
    ["openai/gpt-4o-mini-2024-07-18", MINI],
    ["openai/gpt-oss-20b", MINI],
    ["claude-haiku-4-5-20251001", MINI],
    ["claude-haiku-4-5-latest", MINI],
    ["gpt-4o-2024-05-13", exact],
    ["gpt-4o-2024-08-06", undefined],
    ["gpt-4o", undefined],
    ["toString", undefined],
  ])("%s", (model, price) => {
    expect(priceOf(prices, model)).toEqual(price);
  });
});

describe("what an answer cost", () => {
  const usage = { inputTokens: 1_000_000, outputTokens: 500_000, cachedTokens: 400_000 };

  test("cached input has its own price", () => {
    expect(costOf({ m: MINI }, "m", usage)).toBeCloseTo(0.6 * 0.15 + 0.4 * 0.075 + 0.5 * 0.6, 12);
  });

  test("without a price for the cache, it costs as much as any input", () => {
    expect(costOf({ m: { input: 0.15, output: 0.6 } }, "m", usage)).toBeCloseTo(0.15 + 0.3, 12);
  });

  test("a model without a price has no cost, not a cost of nought", () => {
    expect(costOf({ m: MINI }, "other", usage)).toBeUndefined();
    expect(costOf({ m: MINI }, undefined, usage)).toBeUndefined();
  });
});
