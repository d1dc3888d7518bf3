import { expectTypeOf, test } from "vitest";
import { compose, concurrencyLimit, type Outcome, type Policy, type Reservation, rateLimit, retry } from "../index.js";

const limits = { requests: { per: "1m", limit: 500, burst: 50 }, tokens: { per: "1m", limit: 200_000 } } as const;

test("a rate limit is a policy, and keeps the types of what it wraps", () => {
  const limiter = rateLimit(limits);
  expectTypeOf(limiter).toExtend<Policy>();
  const ask = limiter(async (prompt: string) => prompt.length);
  expectTypeOf(ask).toEqualTypeOf<(prompt: string) => Promise<number>>();
  expectTypeOf(compose(retry(), limiter).run(() => "a" as const)).toEqualTypeOf<Promise<"a">>();
  expectTypeOf(limiter.run(() => 5, { priority: 1 })).toEqualTypeOf<Promise<number>>();
  for (const limit of [limiter, concurrencyLimit({ limit: 1 })]) {
    expectTypeOf(limit.outcome(() => 5, { priority: 1 })).toEqualTypeOf<Promise<Outcome<number>>>();
    const open = async function* () {
      yield 5;
    };
    expectTypeOf(limit.iterate(open, { priority: 1, restart: true })).toEqualTypeOf<AsyncIterable<number>>();
  }
  expectTypeOf(limiter.acquire({ tokens: 900 }, { priority: 1 })).toEqualTypeOf<Promise<Reservation>>();
});

test("the cost is a function of arguments that it may name", () => {
  rateLimit(limits, { cost: (prompt: string, maxTokens: number) => ({ tokens: prompt.length + maxTokens }) });
  rateLimit(limits, { cost: (...args) => ({ tokens: args.length }) });
  // @ts-expect-error: a cost is amounts by currency
  rateLimit(limits, { cost: () => 5 });
  // @ts-expect-error: a duration has a unit
  rateLimit({ requests: { per: "1 minute", limit: 5 } });
});
