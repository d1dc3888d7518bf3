import { defaultClock } from "../clock.js";
import type { Operation, RunOptions } from "../outcome.js";
import { Passage } from "../passage.js";
import { type LayerDescription, makePolicy, type Policy } from "../policy.js";
import { Allowance } from "./allowance.js";
import { type HedgeOptions, type HedgeRules, hedgeRules } from "./options.js";
import { MovingQuantile } from "./quantile.js";
import { Race, type Track } from "./race.js";

/** What a hedge has learned. */
export interface HedgeState {
  /** When a hedge is due, in milliseconds after the call; `undefined` until enough calls were seen. */
  readonly delayMs: number | undefined;
}

/** A policy that hedges. Share the value to share what it has learned, and its bound. */
export interface HedgePolicy extends Policy {
  state(): HedgeState;
}

/**
 * Makes a second call beside one that is slow, takes the first answer, and aborts the other.
 *
 * One knob: with `maxExtraLoad: 0.02` a hedge is due at the 98th percentile of the latencies, which is learned, and hedges
 * are made as long as they are no more than 2 % of the calls, give or take ten. The first value wins. An error of the first
 * call is no slowness: without a hedge in flight it is thrown at once, with one its answer is waited for, and if all fail the
 * first error is thrown.
 *
 * The operation is run twice at the same time: hedge only what may be. Keeps state: share the value.
 *
 * @throws OptionError for an option that is unknown, out of range, or excluded by another.
 * @see J. Dean and L. A. Barroso, "The tail at scale", 2013.
 */
export function hedge(options: HedgeOptions = {}): HedgePolicy {
  const rules = hedgeRules(options);
  const { budget, discard, clock, name } = options;
  const latencies =
    rules.delayMs === undefined ? new MovingQuantile(1 - rules.maxExtraLoad, rules.minimumCalls) : undefined;
  const delayMs = (): number | undefined =>
    latencies === undefined ? rules.delayMs : latencies.value && Math.max(rules.minDelayMs, latencies.value);
  const shared = {
    maxHedges: rules.maxHedges,
    delayMs,
    latencies,
    allowance: new Allowance(rules.maxExtraLoad),
    budget,
    discard,
    name,
  };
  const policy = makePolicy({
    execute: (operation, runOptions) => raced(operation, runOptions, { ...shared, clock: clock ?? defaultClock() }),
    clock,
    describe: () => describeHedge(rules, name, budget !== undefined),
  });
  return Object.assign(policy, { state: () => ({ delayMs: delayMs() }) });
}

async function raced<T>(operation: Operation<T>, options: RunOptions | undefined, track: Track): Promise<T> {
  const passage = new Passage(options, track.clock);
  const { attempt } = passage;
  try {
    if (attempt.aborted) throw attempt.reason;
    return await new Race(track, operation, attempt).run();
  } finally {
    passage.end();
  }
}

function describeHedge(rules: HedgeRules, name: string | undefined, hasBudget: boolean): LayerDescription {
  const { delayMs, maxHedges, maxExtraLoad } = rules;
  const percent = Number((100 * maxExtraLoad).toPrecision(6));
  const due =
    delayMs === undefined ? `the slowest ${percent} % of calls` : `a call that takes longer than ${delayMs} ms`;
  const bound = maxExtraLoad === Number.POSITIVE_INFINITY ? "without a bound" : `for at most ${percent} % more calls`;
  return {
    policy: "hedge",
    name,
    summary: `makes ${maxHedges === 1 ? "another call" : `up to ${maxHedges} other calls`} beside ${due}, ${bound}${hasBudget ? " and within a budget" : ""}`,
    options: { ...rules, budget: hasBudget },
  };
}
