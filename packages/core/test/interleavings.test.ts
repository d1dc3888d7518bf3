import { getEventListeners } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type Attempt,
  AttemptTimeoutError,
  type Budget,
  CallTimeoutError,
  compose,
  DeadlineError,
  hedge,
  type Policy,
  retry,
  timeout,
} from "../src/index.js";
import { type Choose, everyOrder } from "./every-order.js";
import { quickClock } from "./quick-clock.js";

// Every order in which a call, its hedges, the caller's abort, the clock and a budget can do what they do: each event alone,
// with everything that follows from it, and in one tick with the next one. No order may give a second result, begin a call
// after the end, or leave a timer, a listener or an unhandled rejection behind.

/** At six events the numbers below are exact; BIDE_EXPLORED_DEPTH=8 looks further, and takes minutes. */
const DEPTH = Number(process.env["BIDE_EXPLORED_DEPTH"] ?? 6);

const counted = (orders: number): unknown => (DEPTH === 6 ? orders : expect.any(Number));

const unhandled: unknown[] = [];
const note = (error: unknown): void => void unhandled.push(error);
beforeAll(() => void process.on("unhandledRejection", note));
afterAll(() => void process.off("unhandledRejection", note));

/** Ends when every microtask has run, and Node has looked for rejections that nobody handles. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Call {
  readonly signal: AbortSignal;
  /** `undefined` once it has settled. */
  settle: { resolve(value: number): void; reject(error: unknown): void } | undefined;
}

type Start = "waits" | "obeys" | "throws" | "aborts";

/** One play: what there is, and what has happened to it. */
class Stage {
  readonly clock = quickClock();
  readonly controller = new AbortController();
  readonly calls: Call[] = [];
  readonly values: number[] = [];
  readonly discarded: unknown[] = [];
  /** Answers that a budget owes. */
  readonly asked: ((isGranted: boolean) => void)[] = [];
  readonly results: ({ value: unknown } | { error: unknown })[] = [];
  readonly story: string[] = [];
  callsAtEnd = 0;
  /** The calls that had not settled when the run ended. */
  leftRunning: readonly Call[] = [];

  /** How each call begins, the first one first; the others like the last. */
  constructor(readonly starts: readonly Start[]) {}

  readonly operation = ({ signal }: Attempt): Promise<number> => {
    const start = this.starts[this.calls.length] ?? this.starts.at(-1);
    const call: Call = { signal, settle: undefined };
    this.calls.push(call);
    if (start === "throws") throw new Error("at once");
    if (start === "aborts") this.controller.abort("enough");
    return new Promise((resolve, reject) => {
      call.settle = { resolve, reject };
      if (start !== "obeys") return;
      const obey = (): void => {
        call.settle = undefined;
        reject(signal.reason);
      };
      if (signal.aborted) obey();
      else signal.addEventListener("abort", obey, { once: true });
    });
  };

  readonly budget: Budget = {
    deposit: () => undefined,
    withdraw: () => new Promise((resolve) => this.asked.push(resolve)),
  };

  begin(policy: Policy): void {
    const ended = (result: { value: unknown } | { error: unknown }): void => {
      this.results.push(result);
      this.callsAtEnd = this.calls.length;
      this.leftRunning = this.calls.filter(({ settle }) => settle !== undefined);
    };
    policy.run(this.operation, { signal: this.controller.signal }).then(
      (value) => ended({ value }),
      (error: unknown) => ended({ error }),
    );
  }

  /** What may happen next, by name. */
  events(): Map<string, () => void> {
    const events = new Map<string, () => void>();
    for (const [index, call] of this.calls.entries()) {
      const { settle } = call;
      if (settle === undefined) continue;
      const number = index + 1;
      events.set(`call ${number} answers`, () => {
        call.settle = undefined;
        this.values.push(number);
        settle.resolve(number);
      });
      events.set(`call ${number} fails`, () => {
        call.settle = undefined;
        settle.reject(new Error(`call ${number}`));
      });
    }
    const [answer] = this.asked;
    for (const isGranted of answer ? [true, false] : [])
      events.set(isGranted ? "the budget grants" : "the budget refuses", () => {
        this.asked.shift();
        answer?.(isGranted);
      });
    if (!this.controller.signal.aborted) events.set("the caller aborts", () => this.controller.abort("enough"));
    if (this.clock.pending > 0) events.set("the clock moves on", this.clock.moveOn);
    return events;
  }

  /** Lets so many events happen, each as `choose` says, and then the abort, if nothing has ended the run. */
  async play(choose: Choose, depth: number): Promise<void> {
    for (let left = depth; left > 0; left--) {
      const events = [...this.events()];
      const event = events[choose(events.length + 1)];
      // One choice is that nothing more happens.
      if (event === undefined) break;
      event[1]();
      const isAlone = choose(2) === 0;
      this.story.push(isAlone ? event[0] : `${event[0]}, and at once`);
      if (isAlone) await turn();
    }
    await turn();
    if (this.results.length === 0) this.controller.abort("enough");
    await turn();
    // Whoever has not answered answers now, when nobody waits for it any more: one half by a value, one by an error.
    for (const [index, { settle }] of this.calls.entries()) {
      if (index % 2 === 0) settle?.reject(new Error("late"));
      else if (settle) {
        this.values.push(index + 1);
        settle.resolve(index + 1);
      }
    }
    for (const answer of this.asked.splice(0)) answer(true);
    await turn();
  }

  /** The rules that this order broke, of those that hold for every policy. */
  broken(): string[] {
    return brokenOf({
      "gives one result": this.results.length === 1,
      "begins nothing after the end": this.calls.length === this.callsAtEnd,
      "aborts what still runs": this.leftRunning.every(({ signal }) => signal.aborted),
      "leaves no timer": this.clock.pending === 0,
      "leaves no listener": getEventListeners(this.controller.signal, "abort").length === 0,
      "leaves no rejection unhandled": unhandled.splice(0).length === 0,
    });
  }
}

function brokenOf(rules: Readonly<Record<string, boolean>>): string[] {
  return Object.keys(rules).filter((rule) => !rules[rule]);
}

/** Plays every order of up to `DEPTH` events; how many there are, and the stories of the first that broke a rule. */
async function explored(
  begin: (stage: Stage) => void,
  starts: readonly Start[],
  rules: (stage: Stage) => Record<string, boolean>,
): Promise<{ plays: number; broken: string[] }> {
  const broken: string[] = [];
  const plays = await everyOrder(async (choose) => {
    const stage = new Stage(starts);
    begin(stage);
    await stage.play(choose, DEPTH);
    for (const rule of [...stage.broken(), ...brokenOf(rules(stage))])
      broken.push(`${rule}: ${stage.story.join("; ")}`);
  });
  return { plays, broken: broken.slice(0, 5) };
}

describe("hedge × abort × timeout × settle, in every order", () => {
  const hedged =
    (timeoutMs: number, hasBudget = false) =>
    (stage: Stage): void => {
      const { clock } = stage;
      const budget = hasBudget ? stage.budget : undefined;
      const discard = (value: unknown): void => void stage.discarded.push(value);
      const policy = hedge({ delay: 100, maxHedges: 2, maxExtraLoad: 10, clock, budget, discard });
      stage.begin(compose(timeout(timeoutMs, { clock }), policy));
    };

  const isNamed = (error: unknown): boolean =>
    error === "enough" ||
    error instanceof CallTimeoutError ||
    (error instanceof Error && /^call \d|^at once/.test(error.message));

  const rules = ({ results: [result], values, discarded, calls }: Stage): Record<string, boolean> => {
    const winner = result && "value" in result ? Number(result.value) : undefined;
    const taken = [...discarded, ...(winner === undefined ? [] : [winner])];
    return {
      "hands every value to the caller or to `discard`, once": `${taken.sort()}` === `${values.sort()}`,
      "fails with an error of somebody's": result !== undefined && ("value" in result || isNamed(result.error)),
      "never aborts the winner": winner === undefined || calls[winner - 1]?.signal.aborted === false,
    };
  };

  test.each([
    ["after both hedges", 1000, ["waits"], 14_023],
    ["between the hedges", 150, ["waits"], 1679],
    ["at the moment of the first hedge", 100, ["waits"], 99],
    ["at the moment of the second hedge", 200, ["waits"], 1679],
    ["after them, with calls that obey their signal", 1000, ["obeys"], 2715],
    ["after them, with hedges that throw at once", 1000, ["waits", "throws"], 267],
    ["after them, with a hedge that aborts the run while it begins", 1000, ["waits", "aborts"], 213],
  ] as const)("a time-out %s", { timeout: 600_000 }, async (_, ms, starts, orders) => {
    expect(await explored(hedged(ms), starts, rules)).toEqual({ broken: [], plays: counted(orders) });
  });

  test("a time-out between them, and a budget that answers when it likes", { timeout: 600_000 }, async () => {
    expect(await explored(hedged(150, true), ["waits"], rules)).toEqual({ broken: [], plays: counted(2899) });
  });
});

describe("retry × abort × deadline × attempt time-out × settle, in every order", () => {
  const retried = (stage: Stage): void => {
    const bounds = { maxAttempts: 3, attemptTimeout: 150, deadline: 400 } as const;
    stage.begin(retry({ ...bounds, schedule: [100, 50], jitter: null, clock: stage.clock }));
  };

  const rules = ({ results: [result], calls }: Stage): Record<string, boolean> => {
    const last = calls.length;
    const error = result && "error" in result ? result.error : undefined;
    const isCut = error === "enough" || error instanceof DeadlineError || error instanceof AttemptTimeoutError;
    return {
      "makes three calls at most": last <= 3,
      "ends with what the last call did, or what cut it":
        isCut ||
        (error instanceof Error
          ? error.message === `call ${last}`
          : result !== undefined && "value" in result && result.value === last),
      "has cut every call before the last one, or seen it fail": calls
        .slice(0, -1)
        .every(({ settle, signal }) => settle === undefined || signal.aborted),
    };
  };

  test.each([
    ["waits", 5493],
    ["obeys", 677],
  ] as const)("operations of which each %s", { timeout: 600_000 }, async (start, orders) => {
    expect(await explored(retried, [start], rules)).toEqual({ broken: [], plays: counted(orders) });
  });
});
