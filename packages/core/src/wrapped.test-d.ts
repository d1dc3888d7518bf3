import type OpenAI from "openai";
import type { APIPromise } from "openai";
import type { ChatCompletion, ChatCompletionChunk } from "openai/resources/chat/completions";
import type { Stream } from "openai/streaming";
import { describe, expectTypeOf, test } from "vitest";
import {
  type Attempt,
  compose,
  constant,
  expo,
  type Failure,
  type Outcome,
  onException,
  onPredicate,
  type Policy,
  type RetryOptions,
  type RetryPolicy,
  retry,
} from "./index.js";

/** What the client's own promise resolves to, as a plain promise. */
type Client<T> = Promise<Awaited<APIPromise<T>>>;

declare const policy: RetryPolicy;
declare const client: OpenAI;

class RateLimitError extends Error {
  readonly retryAfter = 3;
}
class TimeoutError extends Error {
  readonly limit = "1s";
}
const isRateLimit = (error: unknown): error is RateLimitError => error instanceof RateLimitError;

describe("wrapping", () => {
  test("keeps the type of a function that returns a plain promise, generics and overloads and all", () => {
    function overloaded(a: string): Promise<string>;
    function overloaded(a: number, b: boolean): Promise<number>;
    async function overloaded(a: string | number, _b?: boolean): Promise<string | number> {
      return a;
    }
    async function generic<T extends { id: string }>(item: T, ...rest: readonly T[]): Promise<T> {
      return rest[0] ?? item;
    }
    expectTypeOf(policy(overloaded)).toEqualTypeOf<typeof overloaded>();
    expectTypeOf(policy(generic)({ id: "a", more: 1 })).toEqualTypeOf<Promise<{ id: string; more: number }>>();
    // @ts-expect-error: the constraint of the generic is kept as well
    void policy(generic)({ name: "a" });
  });

  test("makes a synchronous function return a promise", () => {
    const parse = (text: string, radix = 10): number => Number.parseInt(text, radix);
    expectTypeOf(policy(parse)("7")).toEqualTypeOf<Promise<number>>();
    expectTypeOf(policy(parse)).parameters.toEqualTypeOf<[text: string, radix?: number | undefined]>();
    // @ts-expect-error: the parameters are kept
    void policy(parse)(7);
  });

  test("wraps a function of anything, and one of several kinds", () => {
    const anything = (...args: unknown[]): unknown => args[0];
    expectTypeOf(policy(anything)(1, "a")).toEqualTypeOf<Promise<unknown>>();
    const either = (Math.random() > 1 ? (): string => "a" : async () => 1) as (() => string) | (() => Promise<number>);
    const wrapped = policy(either);
    expectTypeOf<Awaited<ReturnType<typeof wrapped>>>().toEqualTypeOf<string | number>();
  });

  test("keeps own properties", () => {
    const fn = Object.assign(async (n: number) => n, { version: 2 as const, describe: (): string => "x" });
    expectTypeOf(policy(fn).version).toEqualTypeOf<2>();
    expectTypeOf(policy(fn).describe()).toEqualTypeOf<string>();
    const plain = Object.assign((n: number) => n, { version: 2 as const });
    expectTypeOf(policy(plain).version).toEqualTypeOf<2>();
    expectTypeOf(policy(plain)(1)).toEqualTypeOf<Promise<number>>();
  });

  test("keeps `this`", () => {
    async function ask(this: { greeting: string }, name: string): Promise<string> {
      return `${this.greeting} ${name}`;
    }
    expectTypeOf(policy(ask)).toEqualTypeOf<typeof ask>();
    // @ts-expect-error: there is no greeting here
    void policy(ask)("you");
  });

  test("hands the attempt to a function that wants it, and hides it from the caller", () => {
    const ask = policy.withAttempt(async (attempt: Attempt, prompt: string) => `${attempt.number} ${prompt}`);
    expectTypeOf(ask).toEqualTypeOf<(prompt: string) => Promise<string>>();
  });
});

describe("the official client's create, by policy.method", () => {
  const create = policy.method(client.chat.completions, "create");
  const body = { model: "m", messages: [] };

  test("keeps its three overloads, each with a plain promise", () => {
    expectTypeOf(create({ ...body })).toEqualTypeOf<Client<ChatCompletion>>();
    expectTypeOf(create({ ...body, stream: false })).toEqualTypeOf<Client<ChatCompletion>>();
    expectTypeOf(create({ ...body, stream: true })).toEqualTypeOf<Client<Stream<ChatCompletionChunk>>>();
    const stream: boolean = Math.random() > 1;
    expectTypeOf(create({ ...body, stream })).toEqualTypeOf<Client<ChatCompletion | Stream<ChatCompletionChunk>>>();
  });

  test("keeps its second parameter, and refuses what the client refuses", () => {
    expectTypeOf(create({ ...body }, { timeout: 5 })).toEqualTypeOf<Client<ChatCompletion>>();
    // @ts-expect-error: no messages
    void create({ model: "m" });
    // @ts-expect-error: a plain promise has no withResponse; that is what resilient() is for
    void create({ ...body }).withResponse();
  });

  test("the same for a wrapped, bound method", () => {
    const bound = policy(client.chat.completions.create.bind(client.chat.completions));
    expectTypeOf(bound({ ...body, stream: true })).toMatchTypeOf<Promise<unknown>>();
  });
});

describe("methods", () => {
  class Store {
    async get<T extends string>(key: T): Promise<{ key: T }> {
      return { key };
    }
    size(): number {
      return 1;
    }
  }
  test("a generic method stays generic", () => {
    const get = policy.method(new Store(), "get");
    expectTypeOf(get("a")).toEqualTypeOf<Promise<{ key: "a" }>>();
    expectTypeOf(policy.method(new Store(), "size")()).toEqualTypeOf<Promise<number>>();
  });

  test("async methods are decorated, synchronous ones do not compile", () => {
    class Chat {
      @policy async ask<T>(prompt: T): Promise<T> {
        return prompt;
      }
      // @ts-expect-error: the caller of a synchronous method expects no promise
      @policy size(): number {
        return 1;
      }
    }
    expectTypeOf(new Chat().ask(1 as const)).toEqualTypeOf<Promise<1>>();
  });
});

describe("running", () => {
  test("run, outcome and iterate keep the result's type", () => {
    expectTypeOf(policy.run(() => 1)).toEqualTypeOf<Promise<number>>();
    expectTypeOf(policy.run(async ({ signal }) => signal.aborted)).toEqualTypeOf<Promise<boolean>>();
    expectTypeOf(policy.outcome(async () => "a")).toEqualTypeOf<Promise<Outcome<string>>>();
    expectTypeOf(retry(async () => "a")).toEqualTypeOf<Promise<string>>();
    expectTypeOf(retry(() => 1, { maxAttempts: 3, deadlineMs: 5 })).toEqualTypeOf<Promise<number>>();
    expectTypeOf(
      policy.iterate(async function* () {
        yield 1;
      }),
    ).toEqualTypeOf<AsyncIterable<number>>();
  });

  test("an attempt is a valid bound of a nested run", () => {
    void policy.run((attempt) => policy.run(() => 1, attempt));
  });
});

describe("`on` narrows the failure in hooks", () => {
  test("a class", () => {
    retry({
      on: RateLimitError,
      onRetry: (failure) => {
        if (failure.kind === "error") expectTypeOf(failure.error).toEqualTypeOf<RateLimitError>();
      },
      retryAfter: ({ error }) => error?.retryAfter,
      beforeRetry: (failure) => expectTypeOf(failure).toEqualTypeOf<Failure<RateLimitError, unknown>>(),
    });
  });

  test("classes", () => {
    retry({
      on: [RateLimitError, TimeoutError],
      onRetry: ({ error }) => expectTypeOf(error).toEqualTypeOf<RateLimitError | TimeoutError | undefined>(),
    });
  });

  test("a guard", () => {
    retry({
      on: isRateLimit,
      onRetry: ({ error }) => expectTypeOf(error).toEqualTypeOf<RateLimitError | undefined>(),
    });
    retry({
      on: (error): error is TimeoutError => error instanceof TimeoutError,
      onRetry: ({ error }) => expectTypeOf(error).toEqualTypeOf<TimeoutError | undefined>(),
    });
  });

  test("a verdict narrows nothing; it answers yes, no, a wait or stop, now or later", () => {
    retry({
      on: (error, attempt) => {
        expectTypeOf(error).toBeUnknown();
        expectTypeOf(attempt).toEqualTypeOf<Attempt>();
        return attempt.number > 3 ? "stop" : "5s";
      },
      onRetry: ({ error }) => expectTypeOf(error).toBeUnknown(),
    });
    retry({ on: async () => true });
    // @ts-expect-error: no wait is written like that
    retry({ on: () => "soon" });
  });

  test("giving up sees every error, also those that `on` did not match", () => {
    retry({ on: RateLimitError, onGiveUp: (failure) => expectTypeOf(failure?.error).toBeUnknown() });
  });
});

describe("options that exclude each other", () => {
  test("`until` and `while` together do not type-check, one of them does", () => {
    retry({ until: (value: string) => value === "done" });
    retry({ while: (value: string) => value !== "done" });
    void retry(() => "a", { until: (value) => value.length > 1 });
    // @ts-expect-error: one judge at most
    retry({ until: (value: string) => value === "a", while: (value: string) => value !== "a" });
    // @ts-expect-error: one judge at most
    void retry(() => "a", { until: (value) => value === "a", while: (value) => value !== "a" });
  });

  test("an object of type RetryOptions can be handed on", () => {
    const options: RetryOptions = { maxAttempts: 3 };
    expectTypeOf(retry(options)).toEqualTypeOf<RetryPolicy>();
    void retry(() => 1, { ...options, maxAttempts: 2 });
  });

  test("unknown options, and durations outside the grammar, do not type-check", () => {
    // @ts-expect-error: no such option
    retry({ retries: 3 });
    // @ts-expect-error: not a duration
    retry({ deadline: "1 minute" });
    retry({ retryAfter: () => "20s", deadline: "1m" });
  });
});

describe("a policy for certain results", () => {
  const poll = retry({ until: (run: { status: string }) => run.status === "done" });
  test("takes functions that return them, and no others", () => {
    expectTypeOf(poll).toEqualTypeOf<RetryPolicy<{ status: string }>>();
    expectTypeOf(poll(async () => ({ status: "done", id: 7 }))).toEqualTypeOf<
      () => Promise<{ status: string; id: number }>
    >();
    // @ts-expect-error: a number has no status
    poll(async () => 7);
    // @ts-expect-error: a number has no status
    void poll.run(() => 7);
  });

  test("with() keeps the types", () => {
    expectTypeOf(poll.with({})).toEqualTypeOf<typeof poll>();
    expectTypeOf(poll.with({ maxAttempts: 3, on: RateLimitError })).toEqualTypeOf<typeof poll>();
    expectTypeOf(retry().with({ maxTime: "1s" })).toEqualTypeOf<RetryPolicy>();
    expectTypeOf(retry().with({ until: (n: number) => n > 1 })).toEqualTypeOf<RetryPolicy<number>>();
    // @ts-expect-error: one judge at most
    poll.with({ until: () => true, while: () => true });
  });

  test("composition keeps what each layer takes", () => {
    expectTypeOf(compose(poll, retry())).toMatchTypeOf<Policy<{ status: string }>>();
    // @ts-expect-error: a number has no status
    void compose(retry(), poll).run(() => 7);
  });
});

describe("onException and onPredicate", () => {
  test("may resolve to undefined where giving up does not throw", () => {
    const fn = async (n: number): Promise<string> => `${n}`;
    expectTypeOf(onException(expo(), Error)(fn)).toEqualTypeOf<typeof fn>();
    expectTypeOf(onException(expo(), Error, { raiseOnGiveup: false })(fn)(1)).toEqualTypeOf<
      Promise<string | undefined>
    >();
    expectTypeOf(onException(expo(), [RateLimitError, TimeoutError], { maxTries: () => 3 })(fn)).toEqualTypeOf<
      typeof fn
    >();
  });

  test("a predicate sees the function's result", () => {
    const poll = onPredicate(constant(5), (run: { done: boolean }) => !run.done, { maxTime: "10m" });
    expectTypeOf(poll(async () => ({ done: true, id: 1 }))()).toEqualTypeOf<Promise<{ done: true; id: number }>>();
    // @ts-expect-error: a string is no run
    poll(async () => "done");
    // @ts-expect-error: only onException can be told not to throw
    onPredicate(constant(5), undefined, { raiseOnGiveup: false });
  });

  test("Python's habit of handing over the factory itself does not compile", () => {
    // @ts-expect-error: call it
    onException(expo, Error);
  });
});
