import { describe, expect, test, vi } from "vitest";
import {
  type Attempt,
  compose,
  type Policy,
  type RetryOptions,
  retry,
  type Schedule,
  take,
  timeout,
} from "../index.js";
import { retrySync } from "../sync.js";
import {
  fail,
  hang,
  ok,
  type Scripted,
  type Step,
  scripted,
  scriptedSync,
  slow,
  type VirtualClock,
  virtualBlockingClock,
  virtualClock,
} from "../testing.js";

/** A schedule that holds something for as long as it is used: tells of its beginning and of its end. */
function held(name: string, told: string[], ...waits: readonly number[]): Schedule {
  return function* () {
    told.push(`${name} begins`);
    try {
      yield* waits;
    } finally {
      told.push(`${name} ends`);
    }
  };
}

/** One that goes on for longer than any of these runs. */
const long = [10, 10, 10, 10, 10, 10];

class First extends Error {}
class Second extends Error {}

interface Way {
  readonly clock: VirtualClock;
  readonly schedule: Schedule;
  readonly controller: AbortController;
}

/** Runs to its end, and says nothing of it. */
async function ended(clock: VirtualClock, run: Promise<unknown>): Promise<void> {
  await clock.run(run).catch(() => undefined);
}

function runs(options: RetryOptions<unknown, unknown>, operation: (clock: VirtualClock) => Scripted<unknown>) {
  return ({ clock, schedule, controller }: Way): Promise<unknown> => {
    const policy = retry({ jitter: null, clock, ...options, schedule } as RetryOptions);
    return policy.run(operation(clock), { signal: controller.signal });
  };
}

const throws = (): never => {
  throw new Error("broken");
};

describe("a schedule that is not at its end is closed when its run ends, once", () => {
  test.each<[end: string, run: (way: Way) => Promise<unknown>]>([
    ["by a success", runs({}, () => scripted(fail(), ok("x")))],
    [
      "by a success of a wrapped function",
      ({ clock, schedule }) => retry({ schedule, clock })(scripted(fail(), ok()))(),
    ],
    ["by a result that is accepted", runs({ until: (value) => value === 2 }, () => scripted(ok(1), ok(2)))],
    [
      "by a success of another policy",
      ({ clock, schedule }) =>
        compose(retry({ schedule, clock }) as Policy, timeout("9s", { clock })).run(scripted(fail(), ok())),
    ],
    ["by the last attempt", runs({ maxAttempts: 3 }, () => scripted(fail(), fail(), fail()))],
    ["by its time", runs({ maxTime: 10 }, () => scripted(fail(), fail()))],
    ["by an error that is not retried", runs({ on: First }, () => scripted(fail(new First()), fail(new Second())))],
    ["by a hint that is too long", runs({ retryAfter: () => "9h" }, () => scripted(fail()))],
    ["by a budget", runs({ budget: { deposit: () => undefined, withdraw: () => false } }, () => scripted(fail()))],
    ["by a deadline in an attempt", runs({ deadline: 15 }, () => scripted(fail(), hang()))],
    ["by a deadline that a wait does not fit in", runs({ deadline: 5 }, () => scripted(fail()))],
    ["by what a function of the caller's throws", runs({ beforeRetry: throws }, () => scripted(fail(), ok()))],
    ["by a jitter that throws", runs({ jitter: throws }, () => scripted(fail()))],
    [
      "by an abort in a wait",
      (way) => {
        way.clock.timer(5, () => way.controller.abort());
        return runs({}, () => scripted(fail(), ok()))(way);
      },
    ],
    [
      "by an abort in an attempt",
      (way) => {
        way.clock.timer(15, () => way.controller.abort());
        return runs({}, () => scripted(fail(), hang()))(way);
      },
    ],
    [
      "by a block that is left",
      async ({ clock, schedule }) => {
        for await (const attempt of retry.attempts({ schedule, jitter: null, clock })) {
          await attempt.try(scripted(fail()));
          if (attempt.number === 2) break;
        }
      },
    ],
    [
      "by a block that succeeds",
      async ({ clock, schedule }) => {
        const work = scripted(fail(), ok());
        for await (const attempt of retry.attempts({ schedule, jitter: null, clock })) await attempt.try(work);
      },
    ],
    [
      "by a stream that was opened",
      async ({ clock, schedule }) => {
        const open = scripted(fail(), ok([1, 2].values()));
        const opened = async function* (): AsyncGenerator<number> {
          yield* (await open()) as Iterable<number>;
        };
        for await (const _ of retry({ schedule, clock }).iterate(opened));
      },
    ],
  ])("%s", async (_, run) => {
    const clock = virtualClock();
    const told: string[] = [];
    await ended(clock, run({ clock, schedule: held("it", told, ...long), controller: new AbortController() }));
    expect(told).toEqual(["it begins", "it ends"]);
    expect(clock.pending).toBe(0);
  });

  test("at the end, and not before", async () => {
    const clock = virtualClock();
    const told: string[] = [];
    const run = retry({ schedule: held("it", told, ...long), jitter: null, clock }).run(
      scripted(fail(), slow(50, fail(), clock), slow(50, ok(), clock)),
    );
    await clock.advance(119);
    expect(told).toEqual(["it begins"]);
    await clock.advance(1);
    expect(told).toEqual(["it begins", "it ends"]);
    await run;
  });

  test("for each rule that was used, and no other", async () => {
    const clock = virtualClock();
    const told: string[] = [];
    const rules = [First, Second, RangeError].map((on) => ({ on, schedule: held(on.name, told, ...long) }));
    const policy = retry({ rules, schedule: held("the last", told, ...long), jitter: null, clock });
    await clock.run(policy.run(scripted(fail(new First()), fail(new RangeError()), fail(new First()), ok())));
    expect(told.splice(0)).toEqual(["First begins", "RangeError begins", "First ends", "RangeError ends"]);
    await clock.run(policy.run(scripted(fail(new Error()), fail(new Second()), ok())));
    expect(told).toEqual(["the last begins", "Second begins", "the last ends", "Second ends"]);
  });

  test("with the parts of a combination", async () => {
    const clock = virtualClock();
    const told: string[] = [];
    await clock.run(retry(scripted(fail(), ok()), { schedule: take(held("it", told, ...long), 9), clock }));
    expect(told).toEqual(["it begins", "it ends"]);
  });

  test("a success at once begins none", async () => {
    const told: string[] = [];
    expect(await retry({ schedule: held("it", told, 1), clock: virtualClock() }).run(() => 1)).toBe(1);
    expect(told).toEqual([]);
  });
});

describe("what closing a schedule comes to changes nothing", () => {
  test.each<[title: string, close: () => unknown]>([
    ["an error", throws],
    ["a promise that is never settled", () => new Promise(() => undefined)],
    ["nothing", () => undefined],
  ])("%s", async (_, close) => {
    const clock = virtualClock();
    const closed = vi.fn(close);
    const schedule = (): Iterator<number> => ({ next: () => ({ value: 10 }), return: closed as never });
    const policy = retry({ schedule, jitter: null, maxAttempts: 2, clock });
    expect(await clock.run(policy.outcome(scripted(fail(), ok("x"))))).toMatchObject({ value: "x", elapsedMs: 10 });
    const error = new Error("last");
    expect(await clock.run(policy.outcome(scripted(fail(), fail(error))))).toMatchObject({
      error,
      reason: "max-attempts",
      elapsedMs: 10,
    });
    expect(closed).toHaveBeenCalledTimes(2);
  });
});

describe("a run that blocks closes its schedules as well", () => {
  const clock = virtualBlockingClock();
  const atLast = (_: unknown, { number }: Attempt): void => {
    if (number === 3) throws();
  };
  test.each<[end: string, options: RetryOptions, steps: Step<unknown>[]]>([
    ["by a success", {}, [fail(), ok("x")]],
    ["by the last attempt", { maxAttempts: 2 }, [fail(), fail()]],
    ["by an error that is not retried", { on: First }, [fail(new First()), fail(new Second())]],
    ["by a deadline", { deadline: 15 }, [fail()]],
    ["by what a function of the caller's throws", { beforeRetry: atLast }, [fail(), ok()]],
    ["by a jitter that throws", { jitter: throws }, [fail()]],
  ])("%s", (_, options, steps) => {
    const told: string[] = [];
    const rules = [{ on: RangeError, schedule: held("the rule", told, ...long), jitter: null }];
    const policy = retrySync({ jitter: null, ...options, schedule: held("it", told, ...long), rules, clock } as object);
    policy.outcome(scriptedSync(fail(new RangeError()), ...steps));
    expect(told).toEqual(["the rule begins", "it begins", "it ends", "the rule ends"]);
  });
});
