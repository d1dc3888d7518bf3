import { describe, expect, test } from "vitest";
import { emit } from "./events.js";
import {
  BideError,
  compose,
  DeadlineError,
  describe as describePolicy,
  expo,
  OptionError,
  observe,
  onException,
  ResultRejectedError,
  retry,
  wraps,
} from "./index.js";
import { fail, forever, ok, recorder, scripted, virtualClock, withClock } from "./testing.js";

describe("a policy", () => {
  test("binds a method to its object, keeps its name, and retries it", async () => {
    const clock = virtualClock();
    class Client {
      calls = 0;
      async create(prompt: string): Promise<string> {
        if (++this.calls < 3) throw new Error("no");
        return `${prompt} ${this.calls}`;
      }
    }
    const client = new Client();
    const create = retry({ clock }).method(client, "create");
    expect([await clock.run(create("try")), client.calls, create.name, create.length]).toEqual([
      "try 3",
      3,
      "create",
      1,
    ]);
  });

  test("hands the attempt to a function that wants it, with `this` and the arguments", async () => {
    const clock = virtualClock();
    const ask = retry({ clock }).withAttempt(async function (this: unknown, attempt, word: string) {
      if (attempt.number < 3) throw new Error("no");
      return [word, attempt.number, attempt.previous?.attempt, this];
    });
    const self = {};
    expect(await clock.run(ask.call(self, "try") as Promise<unknown>)).toEqual(["try", 3, 2, self]);
  });

  test("turns a promise of another kind into a plain one", async () => {
    class OtherPromise<T> extends Promise<T> {}
    const wrapped = retry({ deadline: "5s" })(() => OtherPromise.resolve(1));
    expect(Object.getPrototypeOf(wrapped())).toBe(Promise.prototype);
    expect(await wrapped()).toBe(1);
  });

  test("an outcome without a retry in it counts the call that was made", async () => {
    const clock = virtualClock();
    const outcome = await clock.run(retry({ clock, maxAttempts: 1 }).outcome(scripted(fail("x"))));
    expect(outcome).toEqual({
      ok: false,
      error: "x",
      reason: "max-attempts",
      attempts: 1,
      waitsMs: [],
      elapsedMs: 0,
      failure: { kind: "error", error: "x", attempt: 1, elapsedMs: 0 },
    });
  });

  test("says what it is made of", () => {
    const [layer] = describePolicy(onException(expo(), Error, { maxTries: () => 3, maxTime: "10s" }));
    expect(layer?.summary).toBe("makes up to a computed number of attempts, the last starting within 10000 ms");
    expect(layer?.options).toMatchObject({ maxAttempts: "computed", maxTimeMs: 10_000 });
    expect(describePolicy(retry({ name: "chat" }))[0]).toMatchObject({
      policy: "retry",
      name: "chat",
      options: { maxAttempts: 5 },
    });
  });

  test("without a clock of its own uses the default one at the time of the call", async () => {
    const policy = retry({ schedule: [1000, 1000], jitter: null });
    const wrapped = policy(scripted(fail(), ok("x")));
    const clock = virtualClock();
    using _ = withClock(clock);
    expect([await clock.run(wrapped()), clock.nowMs()]).toEqual(["x", 1000]);
    const stream = policy.iterate(async function* () {
      yield 1;
    });
    for await (const item of stream) expect(item).toBe(1);
  });

  test("with() makes another policy and leaves this one as it is", async () => {
    const clock = virtualClock();
    const policy = retry({ clock, maxAttempts: 2 });
    const more = policy.with({ maxAttempts: 4 });
    const count = async (one: typeof policy): Promise<number> =>
      (await clock.run(one.outcome(scripted(forever(fail()))))).attempts;
    expect([await count(policy), await count(more), await count(policy.with({}))]).toEqual([2, 4, 2]);
  });
});

describe("compose", () => {
  test("runs the first around the others: counts multiply, and the outcome counts them all", async () => {
    const clock = virtualClock();
    const twice = retry({ clock, maxAttempts: 2, schedule: [10], jitter: null });
    const target = scripted(forever(fail()));
    const outcome = await clock.run(compose(twice, twice, twice).outcome(target));
    expect([target.calls.length, outcome.waitsMs]).toEqual([8, Array(7).fill(10)]);
  });

  test("is a policy like any other: wrapping, decorating, running", async () => {
    const clock = virtualClock();
    const policy = compose(retry({ clock, deadline: "5s" }), retry({ clock }));
    const wrapped = policy(async function ask(word: string) {
      return word;
    });
    expect([await clock.run(wrapped("x")), wrapped.name]).toEqual(["x", "ask"]);
  });

  test("refuses what is no policy, and nothing at all", () => {
    expect(() => compose(retry(), (() => 1) as never)).toThrow(
      "expected `policy` to be a policy of bide, such as `retry()`, got a function",
    );
    for (const none of [{}, 5, null, undefined]) expect(() => compose(none as never)).toThrow(OptionError);
    expect(() => compose()).toThrow("expected at least one policy to compose, got none");
    expect(() => compose()).toThrow(expect.objectContaining({ option: "policies" }));
  });

  test("its outcome is timed by the clock of a policy in it", async () => {
    const clock = virtualClock();
    const plain = retry({ maxAttempts: 1 });
    const outcome = await clock.run(compose(plain, retry({ clock })).outcome(() => clock.sleep(30)));
    expect(outcome.elapsedMs).toBe(30);
  });
});

describe("wraps", () => {
  test("copies name, length and own properties, with their getters, and nothing of the function itself", () => {
    const original = Object.defineProperty(
      Object.assign((_a: number, _b: number) => 1, { version: 2, [Symbol.for("tag")]: "t" }),
      "live",
      { get: () => "now", enumerable: true },
    );
    const copy = wraps(original)(() => 2);
    expect([copy.name, copy.length, copy()]).toEqual([original.name, 2, 2]);
    expect({ ...copy }).toEqual({ version: 2, live: "now", [Symbol.for("tag")]: "t" });
  });

  test("a generator function without a name is refused as well", () => {
    expect(() => retry({})([function* () {}][0] as never)).toThrow("`anonymous` is a generator function");
  });

  test("what cannot be wrapped is named as the option that it is", () => {
    for (const fn of [5, function* () {}])
      expect(() => retry({})(fn as never)).toThrow(expect.objectContaining({ option: "fn" }));
  });
});

describe("errors of bide", () => {
  test("know one another across copies of the package, by kind", () => {
    const brand = Symbol.for("bide.error");
    const foreign = Object.defineProperty(Object.assign(new Error("x"), { name: "DeadlineError" }), brand, {
      value: true,
    });
    expect([foreign instanceof BideError, foreign instanceof DeadlineError]).toEqual([true, true]);
    expect([foreign instanceof OptionError, new Error("x") instanceof BideError]).toEqual([false, false]);
    expect([null, 1, "DeadlineError", { name: "DeadlineError" }].some((value) => value instanceof BideError)).toBe(
      false,
    );
  });

  test("have a name, a code and their numbers, and print no result", () => {
    const rejected = new ResultRejectedError("secret", 3);
    expect([rejected.name, rejected.code, rejected.value, rejected.attempts, rejected.message]).toEqual([
      "ResultRejectedError",
      "BIDE_RESULT_REJECTED",
      "secret",
      3,
      "the result of attempt 3 was still not accepted",
    ]);
    expect(new BideError("x")).toMatchObject({ code: "BIDE", message: "x" });
    expect(new DeadlineError(1500.4, 2)).toMatchObject({
      name: "DeadlineError",
      message: expect.stringContaining("1500 ms"),
    });
  });
});

describe("observe", () => {
  test("a listener that throws changes nothing; who listens twice hears twice, and stops once for each", async () => {
    const heard: string[] = [];
    const stopThrowing = observe(() => {
      throw new Error("listener");
    });
    const listener = ({ type }: { readonly type: string }): void => void heard.push(type);
    const stops = [observe(listener), observe(listener)];
    const policy = retry({ clock: virtualClock() });
    expect(await policy.run(() => "x")).toBe("x");
    for (let time = 0; time < 2; time++) stops[0]?.();
    await policy.run(() => "x");
    stops[1]?.();
    stopThrowing();
    const run = ["attempt-started", "run-succeeded"];
    expect(heard).toEqual([...run.flatMap((type) => [type, type]), ...run]);
  });

  test("a listener that rejects changes nothing, one that stopped hears nothing", async () => {
    let heard = 0;
    const stopRejecting = observe(() => Promise.reject(new Error("listener")) as never);
    const stop = observe(() => heard++);
    using record = recorder({ name: "observed" });
    const policy = retry({ name: "observed", clock: virtualClock() });
    await policy.run(scripted(ok(1)));
    stop();
    await policy.run(scripted(ok(1)));
    stopRejecting();
    expect([heard, record.types.length]).toEqual([2, 4]);
  });

  test("who begins to listen while an event is told hears those after it, and who is stopped then hears not even that", () => {
    const heard: string[] = [];
    const stops = [
      observe(() => {
        heard.push("first");
        stops[1]?.();
        stops.push(observe(() => heard.push(`later ${stops.length}`)));
        // Without an end, were the newcomer told of the same event.
        if (heard.length > 9) throw new Error("endless");
      }),
      observe(() => heard.push("stopped")),
    ];
    emit({ type: "circuit-closed", name: undefined, calls: 0, failures: 0 });
    expect(heard).toEqual(["first"]);
    emit({ type: "circuit-closed", name: undefined, calls: 0, failures: 0 });
    expect(heard).toEqual(["first", "first", "later 4"]);
    for (const stop of stops) stop();
  });
});
