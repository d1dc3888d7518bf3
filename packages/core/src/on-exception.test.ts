import { afterEach, describe, expect, test, vi } from "vitest";
import { recorded } from "../test/recorded.js";
import {
  type Attempt,
  constant,
  type Details,
  expo,
  fullJitter,
  type HandlerOptions,
  type LogLevel,
  type OnExceptionOptions,
  onException,
  randomJitter,
  runtime,
  type Schedule,
} from "./index.js";
import { fail, forever, hang, ok, recorder, scripted, scriptedSync, slow, virtualClock } from "./testing.js";

class KeyError extends Error {}
class ValueError extends Error {}

/** A logger that keeps its lines with their levels. */
function lines(): { readonly logger: Record<LogLevel, (line: string) => void>; readonly said: [LogLevel, string][] } {
  const said: [LogLevel, string][] = [];
  const at = (level: LogLevel) => (line: string) => void said.push([level, line]);
  return { said, logger: { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") } };
}

/** Every rule holds for both kinds of functions: what decides is what they return. */
const kinds = [
  ["a synchronous function", scriptedSync],
  ["an async function", scripted],
] as const;

afterEach(() => {
  vi.restoreAllMocks();
});

describe.each(kinds)("onException around %s", (_, script) => {
  test("calls again until it succeeds", async () => {
    const clock = virtualClock();
    const target = script(fail(new KeyError()), fail(new KeyError()), fail(new KeyError()), ok(true));
    expect(await clock.run(onException(expo(), KeyError, { clock })(target)())).toBe(true);
    expect(target.calls.length).toBe(4);
  });

  test("retries each of several classes, and subclasses", async () => {
    const clock = virtualClock();
    class SubError extends ValueError {}
    const target = script(fail(new KeyError()), fail(new ValueError()), fail(new SubError()), ok(true));
    expect(await clock.run(onException(expo(), [KeyError, ValueError], { clock })(target)())).toBe(true);
  });

  test.each([
    ["a number", 3],
    ["a function", () => 3],
  ])("maxTries, as %s, counts the first call: the last error comes out, the same object", async (_title, maxTries) => {
    const clock = virtualClock();
    const last = new KeyError("third");
    const target = script(fail(new KeyError()), fail(new KeyError()), fail(last));
    await expect(clock.run(onException(expo(), KeyError, { maxTries, clock })(target)())).rejects.toBe(last);
    expect(target.calls.length).toBe(3);
  });

  test("functions of options are read once per call, also of one that succeeds", async () => {
    const clock = virtualClock();
    const [maxTries, maxTime, deadline] = [vi.fn(() => 3), vi.fn(() => "1h" as const), vi.fn(() => "2h" as const)];
    const target = script(fail(), fail(), fail(), fail(), fail(), fail(), ok());
    const wrapped = onException(expo(), Error, { maxTries, maxTime, deadline, clock })(target);
    for (let call = 1; call <= 3; call++) {
      await clock.run(Promise.allSettled([wrapped()]));
      expect([maxTries, maxTime, deadline].map((option) => option.mock.calls)).toEqual(
        Array(3).fill(Array(call).fill([])),
      );
    }
  });

  test("functions of a schedule's numbers are read once per call that fails", async () => {
    const clock = virtualClock();
    const interval = vi.fn(() => 250);
    const record = recorded();
    const wrapped = onException(constant(interval), Error, { maxTries: 3, jitter: null, clock, ...record.handlers });
    for (let call = 1; call <= 2; call++) await clock.run(Promise.allSettled([wrapped(script(forever(fail())))()]));
    expect(interval).toHaveBeenCalledTimes(2);
  });

  test("undefined from a function means no limit, and what it returns is checked", async () => {
    const clock = virtualClock();
    const target = script(...Array(20).fill(fail()), ok(7));
    const endless = onException(constant(1), Error, { maxTries: () => undefined, maxTime: () => undefined, clock });
    expect(await clock.run(endless(target)())).toBe(7);
    const zero = onException(constant(1), Error, { maxTries: () => 0, clock });
    await expect(zero(script(ok(1)))()).rejects.toThrow("expected `maxTries` to be an integer >= 1, got `0` (number)");
  });

  test("a list of waits is used once, in order, and then given up", async () => {
    const clock = virtualClock();
    const record = recorded();
    const target = script(forever(fail(new KeyError())));
    const wrapped = onException(constant([1, 2, 3]), KeyError, { jitter: null, clock, ...record.handlers })(target);
    await expect(clock.run(wrapped())).rejects.toBeInstanceOf(KeyError);
    expect([record.success.length, record.backoff.map((d) => d.waitMs), record.giveup.length]).toEqual([
      0,
      [1, 2, 3],
      1,
    ]);
    expect(record.giveup[0]?.reason).toBe("schedule-exhausted");
  });

  test("randomJitter adds up to its spread, fullJitter takes away", async () => {
    const waits = async (jitter: OnExceptionOptions["jitter"]): Promise<number[]> => {
      const clock = virtualClock();
      const record = recorded();
      const options = { jitter, random: () => 0.25, clock, ...record.handlers };
      await clock.run(onException(expo({ factor: "500ms" }), Error, options)(script(fail(), fail(), ok(1)))());
      return record.backoff.map((details) => details.waitMs ?? Number.NaN);
    };
    expect(await waits(randomJitter)).toEqual([750, 1250]);
    expect(await waits(fullJitter)).toEqual([125, 250]);
    expect(await waits(undefined)).toEqual([125, 250]);
    expect(await waits(null)).toEqual([500, 1000]);
  });

  test("handlers hear exactly what happened, and nothing else", async () => {
    const clock = virtualClock();
    const record = recorded();
    const errors = [new KeyError("1"), new KeyError("2")];
    const target = script(...errors.map((error) => fail(error)), ok("x"));
    const self = { greeting: "hi" };
    const wrapped = onException(expo(), KeyError, { jitter: null, clock, ...record.handlers })(target);
    await clock.run(wrapped.call(self, 1, "two"));
    const always = { target, args: [1, "two"], self };
    expect(record.backoff).toEqual([
      { ...always, tries: 1, elapsedMs: 0, waitedMs: 0, waitMs: 1000, exception: errors[0] },
      { ...always, tries: 2, elapsedMs: 1000, waitedMs: 1000, waitMs: 2000, exception: errors[1] },
    ]);
    expect(record.success).toEqual([{ ...always, tries: 3, elapsedMs: 3000, waitedMs: 3000, value: "x" }]);
    expect(record.giveup).toEqual([]);
  });

  test("handlers are told of the function that wants its attempt, and of its arguments without that", async () => {
    const clock = virtualClock();
    const record = recorded();
    const target = async (attempt: Attempt, word: string): Promise<string> => `${word} ${attempt.number}`;
    const self = { greeting: "hi" };
    const wrapped = onException(expo(), KeyError, { clock, ...record.handlers }).withAttempt(target);
    await clock.run(wrapped.call(self, "try") as Promise<unknown>);
    expect(record.success).toEqual([
      { target, args: ["try"], self, tries: 1, elapsedMs: 0, waitedMs: 0, value: "try 1" },
    ]);
  });

  test.each([true, false])(
    "giving up is told, and thrown only when raiseOnGiveup is true: %s",
    async (raiseOnGiveup) => {
      const clock = virtualClock();
      const record = recorded();
      const error = new ValueError("last");
      const target = script(fail(new ValueError()), fail(new ValueError()), fail(error));
      const wrapped = onException(expo(), ValueError, {
        maxTries: 3,
        jitter: null,
        raiseOnGiveup,
        clock,
        ...record.handlers,
      });
      const [settled] = await clock.run(Promise.allSettled([wrapped(target)(1)]));
      expect(settled).toEqual(
        raiseOnGiveup ? { status: "rejected", reason: error } : { status: "fulfilled", value: undefined },
      );
      expect([record.success.length, record.backoff.length]).toEqual([0, 2]);
      expect(record.giveup).toEqual([
        expect.objectContaining({
          target,
          args: [1],
          tries: 3,
          elapsedMs: 3000,
          exception: error,
          reason: "max-attempts",
        }),
      ]);
      expect(record.giveup[0]).not.toHaveProperty("waitMs");
    },
  );

  test("raiseOnGiveup is honoured when the schedule has ended, too", async () => {
    const clock = virtualClock();
    const wrapped = onException([10], Error, { raiseOnGiveup: false, clock })(script(fail(), fail()));
    expect(await clock.run(wrapped())).toBeUndefined();
  });

  test.each([
    ["at once", (error: unknown) => (error as Error).message === "baz"],
    ["later", async (error: unknown) => (error as Error).message === "baz"],
  ])("giveup, answering %s, ends the calls at that error", async (_title, giveup) => {
    const clock = virtualClock();
    const record = recorded();
    const target = script(fail(new ValueError("foo")), fail(new ValueError("bar")), fail(new ValueError("baz")));
    await expect(
      clock.run(onException(expo(), ValueError, { giveup, clock, ...record.handlers })(target)()),
    ).rejects.toThrow("baz");
    expect([record.backoff.length, record.giveup.map((d) => d.reason)]).toEqual([2, ["not-retryable"]]);
  });

  test("giveup is asked at every failure that matches, the last one included", async () => {
    const clock = virtualClock();
    const giveup = vi.fn(() => false);
    const wrapped = onException(expo(), KeyError, { giveup, maxTries: 3, clock })(
      script(forever(fail(new KeyError()))),
    );
    await clock.run(Promise.allSettled([wrapped()]));
    expect(giveup).toHaveBeenCalledTimes(3);
  });

  test("an error in giveup replaces the original and ends the calls", async () => {
    const clock = virtualClock();
    const giveup = (): never => {
      throw new RangeError("in giveup");
    };
    const target = script(forever(fail(new KeyError())));
    await expect(clock.run(onException(expo(), KeyError, { giveup, clock })(target)())).rejects.toThrow("in giveup");
    expect(target.calls.length).toBe(1);
  });

  test("an error of another class passes through untouched, with no handler called", async () => {
    const clock = virtualClock();
    const record = recorded();
    const { said, logger } = lines();
    const error = new ValueError("other");
    const target = script(fail(error));
    const giveup = vi.fn(() => false);
    const wrapped = onException(expo(), KeyError, { clock, logger, giveup, raiseOnGiveup: false, ...record.handlers })(
      target,
    );
    await expect(clock.run(wrapped())).rejects.toBe(error);
    expect([record.backoff, record.giveup, record.success, said, giveup.mock.calls]).toEqual([[], [], [], [], []]);
  });

  test("a list of no classes can match nothing, and is refused", () => {
    expect(() => onException(expo(), [])).toThrow(
      "expected `exception` to be an error class, a list of them, or a function of the error, got an array of 0",
    );
  });

  test("one handler or many, in any iterable, sync or async, are called in order, each awaited before the wait", async () => {
    const clock = virtualClock();
    const order: string[] = [];
    const slowly = async (): Promise<void> => {
      await clock.sleep(50);
      order.push(`slow at ${clock.nowMs()}`);
    };
    const handlers = (function* () {
      yield slowly;
      yield () => order.push(`quick at ${clock.nowMs()}`);
    })();
    const wrapped = onException([100], Error, { jitter: null, clock, onBackoff: handlers })(
      script(fail(), fail(), ok(), ok()),
    );
    await clock.run(Promise.allSettled([wrapped()]));
    expect([order, clock.nowMs()]).toEqual([["slow at 50", "quick at 50"], 150]);
    await clock.run(wrapped());
  });

  test.each(["onBackoff", "onGiveup", "onSuccess"] as const)("an error in %s is final", async (hook) => {
    const clock = virtualClock();
    const broken = async (): Promise<never> => {
      throw new RangeError("in the handler");
    };
    const after = vi.fn();
    const target = script(fail(new KeyError()), ...(hook === "onGiveup" ? [fail(new KeyError())] : [ok(1), ok(1)]));
    const options = { maxTries: 2, clock, [hook]: [broken, after] };
    await expect(clock.run(onException(expo(), Error, options)(target)())).rejects.toThrow("in the handler");
    expect([target.calls.length, after.mock.calls.length]).toEqual([hook === "onBackoff" ? 1 : 2, 0]);
  });

  test("the handlers of one event share its details; a change of the arguments does not reach the next call", async () => {
    const clock = virtualClock();
    const seen: unknown[] = [];
    const first = (details: Details & { note?: string }): void => {
      details.note = "seen";
      expect(() => (details.args as unknown[]).push("more")).toThrow(TypeError);
    };
    const target = script(fail(), ok(1));
    const onBackoff = [first, (details: Details & { note?: string }) => seen.push(details.note)];
    await clock.run(onException(expo(), Error, { clock, onBackoff })(target)("a"));
    expect([seen, target.calls]).toEqual([["seen"], [["a"], ["a"]]]);
  });

  test("each call has its own schedule and counts, also when they run side by side", async () => {
    const clock = virtualClock();
    const record = recorded();
    const wrapped = onException(expo(), Error, { jitter: null, maxTries: 3, clock, ...record.handlers })(
      script(forever(fail())),
    );
    await clock.run(Promise.allSettled([wrapped(), wrapped()]));
    expect(record.backoff.map((details) => [details.tries, details.waitMs])).toEqual([
      [1, 1000],
      [1, 1000],
      [2, 2000],
      [2, 2000],
    ]);
  });

  test("one decorator for many functions says every line once", async () => {
    const clock = virtualClock();
    const { said, logger } = lines();
    const decorate = onException(expo(), Error, { jitter: null, clock, logger });
    for (let index = 0; index < 3; index++) await clock.run(decorate(script(fail(), ok(1)))());
    expect(said.length).toBe(3);
  });

  test("stacked: the inner one runs as a whole in each attempt of the outer one", async () => {
    const clock = virtualClock();
    const target = script(forever(fail()));
    const inner = onException(expo(), Error, { maxTries: 2, clock });
    const outer = onException(expo(), Error, { maxTries: 3, clock });
    await clock.run(Promise.allSettled([outer(inner(target))()]));
    expect(target.calls.length).toBe(6);
  });

  test("what is run has no name and no arguments, and its events carry the name of the policy", async () => {
    const clock = virtualClock();
    const record = recorded();
    using heard = recorder({ name: "poll" });
    const policy = onException([10], Error, { name: "poll", jitter: null, clock, ...record.handlers });
    await clock.run(policy.run(script(fail(), ok(1))));
    const nobody = { args: [], self: undefined };
    expect(record.backoff).toMatchObject([{ ...nobody, tries: 1, waitMs: 10 }]);
    expect(record.success).toMatchObject([{ ...nobody, tries: 2, value: 1 }]);
    expect([record.success[0]?.target.name, record.success[0]?.target()]).toEqual(["", undefined]);
    expect(heard.types).toContain("retry-scheduled");
  });

  test("custom schedules receive each failure", async () => {
    const clock = virtualClock();
    const record = recorded();
    const schedule: Schedule = function* (first) {
      for (let failure = first; ; ) failure = yield Number((failure.error as Error).message) * 2;
    };
    const target = script(...[10, 20, 30].map((ms) => fail(new Error(String(ms)))), ok(1));
    await clock.run(onException(schedule, Error, { jitter: null, clock, ...record.handlers })(target)());
    expect(record.backoff.map((details) => details.waitMs)).toEqual([20, 40, 60]);
  });

  test("runtime waits exactly what the error says, unless a jitter is asked for", async () => {
    const waits = async (options: OnExceptionOptions): Promise<unknown[]> => {
      const clock = virtualClock();
      const record = recorded();
      const schedule = runtime({ value: ({ error }) => (error as { seconds: number }).seconds * 1000 });
      const target = script(...[1, 3, 7].map((seconds) => fail({ seconds })), ok(1));
      const errors = Object as unknown as typeof Error;
      await clock.run(
        onException(schedule, errors, { clock, random: () => 0.5, ...options, ...record.handlers })(target)(),
      );
      return record.backoff.map((details) => details.waitMs);
    };
    expect(await waits({ jitter: null })).toEqual([1000, 3000, 7000]);
    expect(await waits({})).toEqual([1000, 3000, 7000]);
    expect(await waits({ jitter: randomJitter("100ms") })).toEqual([1050, 3050, 7050]);
  });

  test("a signal that aborts in a wait ends the calls with its reason, and nothing is told as given up", async () => {
    const clock = virtualClock();
    const record = recorded();
    const controller = new AbortController();
    const wrapped = onException(expo(), Error, { signal: controller.signal, jitter: null, clock, ...record.handlers });
    const seen = expect(wrapped(script(forever(fail())))()).rejects.toBe("enough");
    await clock.advance(10);
    controller.abort("enough");
    await seen;
    expect([clock.pending, record.backoff.length, record.giveup.length]).toEqual([0, 1, 0]);
  });
});

describe("onException: logging", () => {
  const giveUp = async (options: HandlerOptions): Promise<void> => {
    const clock = virtualClock();
    const target = Object.assign(scripted(forever(fail(Object.assign(new KeyError("secret"), { status: 429 })))));
    Object.defineProperty(target, "name", { value: "askOnce" });
    await clock.run(
      Promise.allSettled([
        onException(expo(), KeyError, { maxTries: 3, jitter: null, clock, ...options })(target)("prompt"),
      ]),
    );
  };

  test("a line per wait and one for giving up, without arguments or messages", async () => {
    const { said, logger } = lines();
    await giveUp({ logger });
    expect(said).toEqual([
      ["info", "Backing off askOnce(...) for 1.0s (KeyError 429)"],
      ["info", "Backing off askOnce(...) for 2.0s (KeyError 429)"],
      ["error", "Giving up askOnce(...) after 3 tries (KeyError 429)"],
    ]);
  });

  test("says nothing unless it is given a logger, or when it is given null", async () => {
    const spies = (["debug", "info", "warn", "error", "log"] as const).map((level) => vi.spyOn(console, level));
    await giveUp({});
    await giveUp({ logger: null });
    expect(spies.flatMap((spy) => spy.mock.calls)).toEqual([]);
  });

  const levels: readonly LogLevel[] = ["debug", "info", "warn", "error"];
  test.each(levels.flatMap((backoff) => levels.map((giveup) => [backoff, giveup] as const)))(
    "waits at level %s and giving up at level %s",
    async (backoffLogLevel, giveupLogLevel) => {
      const { said, logger } = lines();
      await giveUp({ logger, backoffLogLevel, giveupLogLevel });
      expect(said.map(([level]) => level)).toEqual([backoffLogLevel, backoffLogLevel, giveupLogLevel]);
    },
  );

  test("a logger that throws, or rejects, changes nothing", async () => {
    const record = recorded();
    const broken = {
      info: (): never => {
        throw new Error("no disk");
      },
      error: () => Promise.reject(new Error("no net")),
    };
    await giveUp({ logger: broken, ...record.handlers });
    expect([record.backoff.length, record.giveup.length]).toEqual([2, 1]);
  });

  test("the line comes before the handlers of its event", async () => {
    const order: string[] = [];
    await giveUp({
      logger: { info: () => order.push("line"), error: () => 1 },
      onBackoff: () => order.push("handler"),
    });
    expect(order).toEqual(["line", "handler", "line", "handler"]);
  });

  test("a function without a name is anonymous", async () => {
    const clock = virtualClock();
    const { said, logger } = lines();
    await clock.run(
      Promise.allSettled([
        onException([1], Error, { clock, logger, jitter: null })(
          ((): never => {
            throw "x";
          }).bind(null),
        )(),
      ]),
    );
    expect(said).toEqual([]);
    const target = Object.defineProperty(scripted(fail(), ok(1)), "name", { value: "" });
    await clock.run(onException([1], Error, { clock, logger, jitter: null })(target)());
    expect(said).toEqual([["info", "Backing off anonymous(...) for 0.0s (Error)"]]);
  });
});

describe("onException: what decides is what is returned", () => {
  test("a synchronous function that returns a promise is retried", async () => {
    const clock = virtualClock();
    const target = scripted(fail(), ok(1));
    const lazy = (n: number): Promise<number> => target(n);
    expect(await clock.run(onException(expo(), Error, { clock })(lazy)(1))).toBe(1);
  });

  test("bound functions, methods and static methods are retried, with their `this`", async () => {
    const clock = virtualClock();
    const persistent = onException(expo(), Error, { clock });
    class Chat {
      static made = 0;
      calls = 0;
      @persistent async ask(word: string): Promise<string> {
        if (++this.calls < 3) throw new Error("no");
        return `${word} ${this.calls}`;
      }
      @persistent static async make(): Promise<number> {
        if (++Chat.made < 2) throw new Error("no");
        return Chat.made;
      }
    }
    const chat = new Chat();
    expect(await clock.run(chat.ask("try"))).toBe("try 3");
    expect(await clock.run(Chat.make())).toBe(2);
    const bound = onException(expo(), Error, { clock })(Chat.prototype.ask.bind(new Chat()));
    expect(await clock.run(bound("bound"))).toBe("bound 3");
  });

  test.each([null, "log", 3, {}, [1]])(
    "%o is no handler, which is found out when the decorator is made",
    (onBackoff) => {
      expect(() => onException(expo(), Error, { onBackoff } as never)).toThrow(
        "expected `onBackoff` to be a function or a list of them",
      );
    },
  );

  test("name, length and own properties are kept", () => {
    function target(a: number, b: number): number {
      return a + b;
    }
    target.version = 2;
    const wrapped = onException(expo(), Error)(target);
    expect([wrapped.name, wrapped.length, wrapped.version]).toEqual(["target", 2, 2]);
  });

  test("rejecting with what is no error is retried when its class is listed", async () => {
    const clock = virtualClock();
    class Refusal {
      constructor(readonly why: string) {}
    }
    const target = scripted(fail(new Refusal("busy")), ok(1));
    expect(await clock.run(onException(expo(), Refusal, { clock })(target)())).toBe(1);
  });
});

describe("onException: time", () => {
  test("a deadline releases the caller of a call that hangs", async () => {
    const clock = virtualClock();
    const record = recorded();
    const wrapped = onException(expo(), Error, { deadline: "5s", clock, ...record.handlers })(scripted(hang()));
    await expect(clock.run(wrapped())).rejects.toMatchObject({ code: "BIDE_DEADLINE", attempts: 1 });
    expect([clock.nowMs(), record.giveup.map((details) => details.reason)]).toEqual([5000, ["deadline"]]);
  });

  test("a handler that uses up the time for the wait ends the calls with the last error", async () => {
    const clock = virtualClock();
    const error = new Error("mine");
    const target = scripted(fail(error));
    const onBackoff = (): Promise<void> => clock.sleep(4000);
    const wrapped = onException([2000], Error, { deadline: "5s", jitter: null, clock, onBackoff })(target);
    await expect(clock.run(wrapped())).rejects.toBe(error);
    expect([clock.nowMs(), clock.pending]).toEqual([4000, 0]);
  });

  test.each([
    ["leaves just too little time", 3000, ["deadline"], 3000],
    ["leaves just enough time", 2999, [], 4999],
  ])("a handler that %s for the wait", async (_, tookMs, reasons, endedMs) => {
    const clock = virtualClock();
    const record = recorded();
    const onBackoff = (): Promise<void> => clock.sleep(tookMs);
    const options = { deadline: "5s", jitter: null, clock, ...record.handlers, onBackoff } as const;
    await clock.run(Promise.allSettled([onException([2000], Error, options)(scripted(fail(), ok()))()]));
    expect([record.giveup.map(({ reason }) => reason), clock.nowMs()]).toEqual([reasons, endedMs]);
  });

  test("a call longer than maxTime is not cut, and not repeated", async () => {
    const clock = virtualClock();
    const target = scripted(slow("100s", fail(), clock));
    await expect(clock.run(onException(expo(), Error, { maxTime: "5s", clock })(target)())).rejects.toThrow();
    expect([clock.nowMs(), target.calls.length]).toEqual([100_000, 1]);
  });

  test("a number that looks like seconds is hinted at, once in all", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    onException(expo(), Error, { maxTime: 0 });
    onException(expo(), Error, { maxTime: 1000, deadline: "60s" });
    expect(warn).not.toHaveBeenCalled();
    onException(expo(), Error, { maxTime: 60 });
    onException(expo(), Error, { deadline: 30 });
    expect(warn.mock.calls).toEqual([['bide: a time of 60 is 60 milliseconds; for seconds, write "60s"']]);
  });
});
