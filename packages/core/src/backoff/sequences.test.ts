import { describe, expect, test } from "vitest";
import {
  constant,
  expo,
  fibo,
  type OnExceptionOptions,
  onException,
  onPredicate,
  runtime,
  type Schedule,
} from "../index.js";
import { type OnExceptionSyncOptions, onExceptionSync } from "../sync.js";
import {
  fail,
  forever,
  ok,
  type Scripted,
  type Step,
  scripted,
  slow,
  virtualBlockingClock,
  virtualClock,
} from "../testing.js";

interface Row {
  readonly title: string;
  readonly schedule: Schedule;
  readonly options: OnExceptionOptions;
  /** How long each attempt takes. */
  readonly takes?: `${number}s`;
  readonly waits: readonly number[];
  readonly calls: number;
  /** What the events see. */
  readonly elapsed?: readonly number[];
  readonly total: number;
}

/** In seconds, as measured on the original; those with slow attempts by the rule that counts the attempt's own time. */
const rows: readonly Row[] = [
  { title: "expo, 5 tries", schedule: expo(), options: { maxTries: 5 }, waits: [1, 2, 4, 8], calls: 5, total: 15 },
  {
    title: "expo, 10 s: the last wait is shortened, so that one attempt starts at 10 s",
    schedule: expo(),
    options: { maxTime: "10s" },
    waits: [1, 2, 4, 3],
    calls: 5,
    elapsed: [0, 1, 3, 7, 10],
    total: 10,
  },
  {
    title: "expo, 10 s, attempts of 3 s",
    schedule: expo(),
    options: { maxTime: "10s" },
    takes: "3s",
    waits: [1, 2],
    calls: 3,
    elapsed: [3, 7, 12],
    total: 12,
  },
  {
    title: "expo, 5 s, attempts of 100 s",
    schedule: expo(),
    options: { maxTime: "5s" },
    takes: "100s",
    waits: [],
    calls: 1,
    total: 100,
  },
  {
    title: "expo, 60 s",
    schedule: expo(),
    options: { maxTime: "60s" },
    waits: [1, 2, 4, 8, 16, 29],
    calls: 7,
    total: 60,
  },
  {
    title: "expo, 60 s, attempts of 0.5 s",
    schedule: expo(),
    options: { maxTime: "60s" },
    takes: "0.5s",
    waits: [1, 2, 4, 8, 16, 26],
    calls: 7,
    elapsed: [0.5, 2, 4.5, 9, 17.5, 34, 60.5],
    total: 60.5,
  },
  {
    title: "expo up to 8 s, 60 s",
    schedule: expo({ max: "8s" }),
    options: { maxTime: "60s" },
    waits: [1, 2, 4, 8, 8, 8, 8, 8, 8, 5],
    calls: 11,
    total: 60,
  },
  {
    title: "expo, 60 s, attempts of 40 s",
    schedule: expo(),
    options: { maxTime: "60s" },
    takes: "40s",
    waits: [1],
    calls: 2,
    total: 81,
  },
  {
    title: "fibo, 20 s",
    schedule: fibo(),
    options: { maxTime: "20s" },
    waits: [1, 1, 2, 3, 5, 8],
    calls: 7,
    total: 20,
  },
  {
    title: "constant 2 s, 5 s",
    schedule: constant("2s"),
    options: { maxTime: "5s" },
    waits: [2, 2, 1],
    calls: 4,
    total: 5,
  },
  {
    title: "a jitter of a hundred times, 10 s: cut at maxTime after the jitter",
    schedule: expo(),
    options: { maxTime: "10s", jitter: (ms) => 100 * ms },
    waits: [10],
    calls: 2,
    total: 10,
  },
  { title: "maxTime 0", schedule: expo(), options: { maxTime: 0 }, waits: [], calls: 1, total: 0 },
  {
    title: "tries before time",
    schedule: expo(),
    options: { maxTries: 3, maxTime: "10s" },
    waits: [1, 2],
    calls: 3,
    total: 3,
  },
  {
    title: "time before tries",
    schedule: expo(),
    options: { maxTries: 9, maxTime: "2s" },
    waits: [1, 1],
    calls: 3,
    total: 2,
  },
];

/** Runs until it is given up; everything in seconds. */
async function measured(row: Row, step: Step<unknown>, decorate: typeof onException | undefined): Promise<object> {
  const clock = virtualClock();
  const waits: number[] = [];
  const elapsed: number[] = [];
  const target: Scripted<unknown> = scripted(forever(row.takes ? slow(row.takes, step, clock) : step));
  const options: OnExceptionOptions = {
    jitter: null,
    clock,
    onBackoff: ({ waitMs = Number.NaN, elapsedMs }) => {
      waits.push(waitMs / 1000);
      elapsed.push(elapsedMs / 1000);
    },
    onGiveup: ({ elapsedMs }) => elapsed.push(elapsedMs / 1000),
    ...row.options,
  };
  const policy = decorate ? decorate(row.schedule, Error, options) : onPredicate(row.schedule, undefined, options);
  await clock.run(Promise.allSettled([policy(target)()]));
  return { waits, calls: target.calls.length, total: clock.nowMs() / 1000, ...(row.elapsed && { elapsed }) };
}

/** The same with the blocking twin. */
function measuredSync({ takes, schedule, options, elapsed }: Row): object {
  const clock = virtualBlockingClock();
  const seen: number[] = [];
  let calls = 0;
  const target = (): never => {
    calls++;
    clock.advance(takes ?? 0);
    throw new Error("no");
  };
  const hear = ({ elapsedMs }: { elapsedMs: number }): unknown => seen.push(elapsedMs / 1000);
  const policy = onExceptionSync(schedule, Error, {
    jitter: null,
    onBackoff: hear,
    onGiveup: hear,
    raiseOnGiveup: false,
    ...(options as OnExceptionSyncOptions),
    clock,
  });
  policy(target)();
  const waits = clock.waitsMs.map((ms) => ms / 1000);
  return { waits, calls, total: clock.nowMs() / 1000, ...(elapsed && { elapsed: seen }) };
}

describe("the sequences of backoff, in seconds", () => {
  const expected = ({ waits, calls, total, elapsed }: Row): object => ({
    waits,
    calls,
    total,
    ...(elapsed && { elapsed }),
  });

  test.each(rows)("onException: $title", async (row) => {
    expect(await measured(row, fail(), onException)).toEqual(expected(row));
  });

  test.each(rows)("onPredicate: $title", async (row) => {
    expect(await measured(row, ok(false), undefined)).toEqual(expected(row));
  });

  test.each(rows)("onExceptionSync: $title", (row) => {
    expect(measuredSync(row)).toEqual(expected(row));
  });

  test("runtime with errors that carry 10, 20 and 30 s, 4 tries: the fourth error comes out", async () => {
    const clock = virtualClock();
    const waits: unknown[] = [];
    const errors = [10, 20, 30, 40].map((seconds) => Object.assign(new Error(`${seconds}`), { seconds }));
    const schedule = runtime(({ error }) => (error as { seconds: number }).seconds * 1000);
    const onBackoff = ({ waitMs = 0 }): unknown => waits.push(waitMs / 1000);
    const wrapped = onException(schedule, Error, { maxTries: 4, clock, onBackoff });
    const target = scripted(...errors.map((error) => fail(error)));
    await expect(clock.run(wrapped(target)())).rejects.toBe(errors[3]);
    expect(waits).toEqual([10, 20, 30]);
  });
});
