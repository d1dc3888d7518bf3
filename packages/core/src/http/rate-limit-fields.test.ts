import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseRateLimit, type RateLimitQuota } from "./rate-limit-fields.js";

const numRuns = Number(process.env["BIDE_PROPERTY_RUNS"] ?? 10_000);

function parsed(fields: Record<string, string>): readonly RateLimitQuota[] {
  return parseRateLimit({ get: (name) => fields[name] ?? null });
}

/** A quota of which only this is known. */
function quota(known: Partial<RateLimitQuota>): RateLimitQuota {
  const unknown = { remaining: undefined, resetMs: undefined, quota: undefined, windowMs: undefined };
  return { name: "default", unit: "requests", partitionKey: undefined, ...unknown, ...known };
}

describe("RateLimit and RateLimit-Policy", () => {
  test("each state is joined with the policy of its name; a policy without a state follows", () => {
    const fields = {
      ratelimit: '"perhr";r=0;t=1800, "permin";r=50;t=30',
      "ratelimit-policy": '"permin";q=50;w=60,"perhr";q=1000;w=3600,"perday";q=9000;w=86400;qu="content-bytes"',
    };
    expect(parsed(fields)).toEqual([
      quota({ name: "perhr", remaining: 0, resetMs: 1_800_000, quota: 1000, windowMs: 3_600_000 }),
      quota({ name: "permin", remaining: 50, resetMs: 30_000, quota: 50, windowMs: 60_000 }),
      quota({ name: "perday", quota: 9000, windowMs: 86_400_000, unit: "content-bytes" }),
    ]);
  });

  test("a state alone says what is left, with or without when there will be more", () => {
    expect(parsed({ ratelimit: '"a";r=1;acme-burst=7,"b";r=2;t=0' })).toEqual([
      quota({ name: "a", remaining: 1 }),
      quota({ name: "b", remaining: 2, resetMs: 0 }),
    ]);
  });

  test("a policy alone says what is allowed", () => {
    expect(parsed({ "ratelimit-policy": '"a";q=10' })).toEqual([quota({ name: "a", quota: 10 })]);
  });

  test("states and policies of one name are told apart by their partition key, where both have one", () => {
    const fields = {
      ratelimit: '"a";r=1;pk=:eA==:, "a";r=2;pk=:eQ==:, "b";r=3;pk=:eA==:, "c";r=4',
      "ratelimit-policy": '"a";q=20;pk=:eQ==:, "a";q=10;pk=:eA==:, "b";q=30, "c";q=40;pk=:eg==:',
    };
    expect(parsed(fields).map((q) => [q.name, q.remaining, q.quota, q.partitionKey])).toEqual([
      ["a", 1, 10, "eA=="],
      ["a", 2, 20, "eQ=="],
      ["b", 3, 30, "eA=="],
      ["c", 4, 40, "eg=="],
    ]);
  });

  test.each([
    ['a token for a name: "a";r=1, b;r=2', '"a";r=1, b;r=2'],
    ["no r", '"a";t=1'],
    ["r below 0", '"a";r=-1'],
    ["r no integer", '"a";r=1.5'],
    ["r a string", '"a";r="1"'],
    ["t below 0", '"a";r=1;t=-1'],
    ["t a string", '"a";r=1;t="1"'],
    ["an inner list", '("a");r=1'],
    ["a number for a name", "1;r=1"],
    ["bytes for a name", ":eA==:;r=1"],
  ])("a state that is not well formed is as if it had not been sent: %s", (_what, ratelimit) => {
    expect(parsed({ ratelimit, "ratelimit-policy": '"a";q=5' })).toEqual([quota({ name: "a", quota: 5 })]);
  });

  test.each(['"a";w=1', '"a";q=-1', '"a";q=1;w=0', '"a";q=1;w=-1', "a;q=1", '"a";q=1,,'])(
    "a policy that is not well formed is as if it had not been sent: %s",
    (policy) => {
      expect(parsed({ ratelimit: '"a";r=5', "ratelimit-policy": policy })).toEqual([
        quota({ name: "a", remaining: 5 }),
      ]);
    },
  );

  test("a unit or a key of another type is left out", () => {
    expect(parsed({ "ratelimit-policy": '"a";q=1;qu=5;pk="x"' })).toEqual([quota({ name: "a", quota: 1 })]);
  });

  test.each([
    ["draft 7", { ratelimit: "limit=100, remaining=50, reset=5" }],
    ["draft 7, in any order", { ratelimit: "reset=5,limit=100 ,  remaining=50  " }],
    ["drafts 3 to 6", { "ratelimit-limit": "100", "ratelimit-remaining": " 50 ", "ratelimit-reset": "5" }],
  ])("the older form is read as well: %s", (_draft, fields) => {
    expect(parsed(fields)).toEqual([quota({ remaining: 50, resetMs: 5000, quota: 100 })]);
  });

  test.each([
    [{ "ratelimit-remaining": "0" }, { remaining: 0 }],
    [{ "ratelimit-reset": "7" }, { resetMs: 7000 }],
    [{ "ratelimit-remaining": "1x", "ratelimit-reset": "7" }, { resetMs: 7000 }],
  ])("the older form may be sent in part: %j", (fields, known) => {
    expect(parsed(fields)).toEqual([quota(known)]);
  });

  test.each([{}, { "ratelimit-limit": "100" }, { ratelimit: "soon" }, { "ratelimit-remaining": "-1" }])(
    "%j tells nothing",
    (fields) => {
      expect(parsed(fields)).toEqual([]);
    },
  );

  test("an answer from a cache tells nothing, a fresh one does", () => {
    expect(parsed({ ratelimit: '"a";r=1', age: "1" })).toEqual([]);
    expect(parsed({ ratelimit: '"a";r=1', age: "0" })).toEqual([quota({ name: "a", remaining: 1 })]);
  });

  test("whatever is sent, every number is finite and >= 0, and nothing is thrown", () => {
    const parameter = fc.stringMatching(/^;(r|t|q|w|pk|qu)=(-?\d{1,16}(\.\d)?|"[a-z]"|:[a-z]*:|\?1|[a-z]+)$/);
    const item = fc.tuple(fc.constantFrom('"a"', '"b"', "a", "1"), fc.array(parameter, { maxLength: 4 }));
    const list = fc.array(item, { maxLength: 3 }).map((items) => items.map(([n, ps]) => n + ps.join("")).join(", "));
    const field = fc.oneof(
      fc.string({ unit: "binary" }),
      list,
      fc.stringMatching(/^(limit|remaining|reset)=\d{1,20}$/),
    );
    const names = ["ratelimit", "ratelimit-policy", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "age"];
    const fields = fc.record(Object.fromEntries(names.map((name) => [name, field])), { requiredKeys: [] });
    fc.assert(
      fc.property(fields, (sent) => {
        const numbers = parsed(sent as Record<string, string>).flatMap((q) => [
          q.remaining,
          q.resetMs,
          q.quota,
          q.windowMs,
        ]);
        return numbers.every((number) => number === undefined || (Number.isFinite(number) && number >= 0));
      }),
      { numRuns },
    );
  });
});
