import { describe, expectTypeOf, test } from "vitest";
import { compose, fallback, type Policy, retry } from "./index.js";

describe("the type of a fallback", () => {
  test("adds what it answers to what the operation returns", () => {
    expectTypeOf(fallback("other").run(() => 1)).toEqualTypeOf<Promise<number | "other">>();
    expectTypeOf(fallback(() => null).run(() => 1)).toEqualTypeOf<Promise<number | null>>();
    expectTypeOf(fallback(async () => [1]).run(() => "a")).toEqualTypeOf<Promise<string | number[]>>();
  });

  test("is kept in a composition, and by wrapping", () => {
    const policy = compose(fallback(undefined), retry());
    expectTypeOf(policy).toExtend<Policy<never, undefined>>();
    const wrapped = policy(async (n: number) => `${n}`);
    expectTypeOf(wrapped(1)).toEqualTypeOf<Promise<string | undefined>>();
  });
});
