import { describe, expect, test } from "vitest";
import { readErrorBody } from "../classify/error-body.js";
import { dimensionOf, type Hint, hintOf } from "./hint.js";

const NOW_MS = Date.UTC(2026, 7, 1, 12, 0, 0);
const RETRY_INFO = {
  error: { details: [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "34.4s" }] },
};

function hint(headers: Record<string, string>, body: unknown = {}): Hint | undefined {
  const read = readErrorBody(JSON.stringify(body));
  return hintOf({ headers: new Headers(headers), body: read, dimension: dimensionOf(read), wallNowMs: NOW_MS });
}

describe("the hint of a server", () => {
  test("is read from the most exact source that there is", () => {
    const sources: [string, string][] = [
      ["retry-after-ms", "1500"],
      ["x-ms-retry-after-ms", "2500"],
      ["retry-after", "3"],
    ];
    const found = sources.map((_, index) => hint(Object.fromEntries(sources.slice(index)), RETRY_INFO)?.waitMs);

    expect(found).toEqual([1500, 2500, 3000]);
    expect(hint({}, RETRY_INFO)).toEqual({ waitMs: 34_400, source: "retry-info" });
  });

  test("is taken from words before it is taken from the reset of a limit", () => {
    const body = { error: { type: "tokens", message: "Please try again in 634ms." } };
    const headers = { "x-ratelimit-reset-tokens": "6s" };

    expect(hint(headers, body)).toEqual({ waitMs: 634, source: "body-text" });
    expect(hint(headers, { error: { type: "tokens" } })).toEqual({ waitMs: 6000, source: "reset-header" });
  });

  test("counts a date from the server's own clock, where it tells the time", () => {
    const headers = { "retry-after": "Sat, 01 Aug 2026 15:00:20 GMT", date: "Sat, 01 Aug 2026 15:00:00 GMT" };

    expect(hint(headers)).toEqual({ waitMs: 20_000, source: "retry-after" });
  });

  test.each(["soon", "-5", "NaN", "1e3", "Sat, 01 Aug 2020 15:00:20 GMT", "", "5 apples"])(
    "is none where Retry-After is %j",
    (value) => {
      expect(hint({ "retry-after": value })).toBeUndefined();
    },
  );

  test("is the next source's where the first one is garbage", () => {
    expect(hint({ "retry-after-ms": "x", "retry-after": "2" })).toEqual({ waitMs: 2000, source: "retry-after" });
  });

  test("is read from a field of the body", () => {
    expect(hint({}, { error: { availability: { retry_after: 12 } } })).toEqual({
      waitMs: 12_000,
      source: "body-field",
    });
  });
});
