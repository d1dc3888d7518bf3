import { describe, expectTypeOf, test } from "vitest";
import { expo, hedge, type OnExceptionOptions, onException, onPredicate } from "./index.js";
import { onExceptionSync } from "./sync.js";

describe("options that exclude each other do not type-check", () => {
  test("a delay, and what a learned one is learned by", () => {
    hedge({ delay: 5, maxExtraLoad: 0.1 });
    hedge({ minimumCalls: 5, minDelay: 5 });
    // @ts-expect-error nothing is learned
    hedge({ delay: 5, minimumCalls: 5 });
    // @ts-expect-error nothing is learned
    hedge({ delay: 5, minDelay: 5 });
  });

  test("the two names of the count", () => {
    onException(expo(), Error, { maxTries: 1 });
    onException(expo(), Error, { maxAttempts: () => 2 });
    // @ts-expect-error one of them
    onException(expo(), Error, { maxTries: 1, maxAttempts: 2 });
    // @ts-expect-error one of them
    onPredicate(expo(), undefined, { maxTries: 1, maxAttempts: 2 });
    // @ts-expect-error one of them
    onExceptionSync(expo(), Error, { maxTries: 1, maxAttempts: 2 });
  });
});

test("an option of onException that is misspelt does not type-check beside one that is not", () => {
  // @ts-expect-error maxTime
  onException(expo(), Error, { maxTries: 1, maxTimes: 2 });
  // @ts-expect-error maxTime
  onExceptionSync(expo(), Error, { maxTries: 1, maxTimes: 2 });
});

test("who does not know whether giving up throws has to expect undefined", () => {
  const work = (): number => 1;
  const isStrict = Math.random() > 0.5;
  expectTypeOf(onException(expo(), Error).run(work)).toEqualTypeOf<Promise<number>>();
  expectTypeOf(onException(expo(), Error, { maxTries: 2 }).run(work)).toEqualTypeOf<Promise<number>>();
  expectTypeOf(onException(expo(), Error, { raiseOnGiveup: true }).run(work)).toEqualTypeOf<Promise<number>>();
  expectTypeOf(onException(expo(), Error, { raiseOnGiveup: false }).run(work)).toEqualTypeOf<
    Promise<number | undefined>
  >();
  expectTypeOf(onException(expo(), Error, { raiseOnGiveup: isStrict }).run(work)).toEqualTypeOf<
    Promise<number | undefined>
  >();
  const options: OnExceptionOptions = {};
  expectTypeOf(onException(expo(), Error, options).run(work)).toEqualTypeOf<Promise<number | undefined>>();
  expectTypeOf(onExceptionSync(expo(), Error, { raiseOnGiveup: isStrict }).run(work)).toEqualTypeOf<
    number | undefined
  >();
  expectTypeOf(onExceptionSync(expo(), Error).run(work)).toEqualTypeOf<number>();
});
