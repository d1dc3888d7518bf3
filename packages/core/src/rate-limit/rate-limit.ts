import { type Duration, toMs } from "../duration.js";
import { optionError } from "../errors.js";
import { emit, isObserved } from "../events.js";
import type { Operation, Outcome } from "../outcome.js";
import { type IterateOptions, type LayerDescription, makePolicy, type Policy } from "../policy.js";
import { executeRateLimit } from "./execute.js";
import { Limiter, type LimiterState } from "./limiter.js";
import { type Cost, checkLevels, type Limits, ratesOf } from "./limits.js";
import { type AcquireOptions, configOf, pricesOf, RATE_LIMIT_DEFAULTS, type RateLimitOptions } from "./options.js";
import type { Reservation } from "./reservation.js";
import type { ServerLevels } from "./store.js";

/** A policy that lets calls go no faster than its limits. It has state: share it to share the limits. */
export interface RateLimitPolicy extends Policy {
  /** As of every policy, and with a priority. */
  run<T>(operation: Operation<T>, options?: Omit<AcquireOptions, "isAgain">): Promise<T>;
  /** As of every policy, and with a priority. */
  outcome<T>(operation: Operation<T>, options?: Omit<AcquireOptions, "isAgain">): Promise<Outcome<T>>;
  /** As of every policy, and with a priority. */
  iterate<T>(
    operation: Operation<AsyncIterable<T>>,
    options?: Omit<AcquireOptions, "isAgain"> & IterateOptions,
  ): AsyncIterable<T>;
  /**
   * Waits until the cost may be spent in every currency, and takes it.
   *
   * @param cost @default one request
   * @throws CostTooLargeError at once, for a cost above a limit (and above its burst).
   * @throws AdmissionDeadlineError as soon as it is known that the deadline comes first; says when it could go.
   * @throws AdmissionQueueFullError at once, when `maxQueue` wait already.
   * @throws the signal's reason, at once.
   */
  acquire(cost?: Cost, options?: AcquireOptions): Promise<Reservation>;
  /** Levels, queue and what binds, now. Of a store elsewhere: as it was last known. */
  state(): LimiterState;
  /** Lets nobody go for so long; after it one goes, and the others as the buckets fill from nothing. Never shortens a pause. */
  pause(duration: Duration): void;
  /** Other limits from now on, for the currencies that are named; `limit: Infinity` ends one. What was spent stays spent. */
  update(limits: Limits): void;
  /**
   * What a server says is left. It only takes away: level = min(own, remaining - what was reserved after `atMs`). Two things
   * come from it as well: a limit that is another one, and, where no burst was told, that so much may go at once.
   */
  sync(levels: ServerLevels): void;
}

/**
 * Lets calls go as fast as the limits allow, and not one faster: a queue in front of one bucket per currency.
 *
 * @param limits How much of each currency in which time.
 * @throws OptionError for a limit or an option that is unknown or out of range.
 * @see ITU-T I.371 (GCRA).
 */
export function rateLimit<const Args extends readonly unknown[] = readonly unknown[]>(
  limits: Limits,
  options: RateLimitOptions<Args> = {},
): RateLimitPolicy {
  const rates = ratesOf(limits);
  const config = configOf(options);
  // A store may have limits already, and who names one may mean to tell it later.
  if (rates.length === 0 && !options.store) throw optionError("limits", "one limit at least", limits);
  const { name, clock } = config;
  const prices = pricesOf(options);
  const limiter = new Limiter(config);
  limiter.change((store, nowMs) => store.update(rates, nowMs));
  const policy = makePolicy({
    execute: executeRateLimit(limiter, prices),
    clock,
    describe: () => describeRateLimit(limiter, name),
  });
  return Object.assign(policy, {
    acquire: (cost?: Cost, acquireOptions?: AcquireOptions) =>
      limiter.acquire(cost, acquireOptions, acquireOptions?.priority ?? RATE_LIMIT_DEFAULTS.priority),
    ...controlsOf(limiter, name),
  });
}

function controlsOf(limiter: Limiter, name: string | undefined): Omit<RateLimitPolicy, keyof Policy | "acquire"> {
  return {
    state: () => limiter.state(),
    pause: (duration: Duration): void => {
      const durationMs = toMs(duration, "duration");
      limiter.change((store, nowMs) => store.pause(durationMs, nowMs));
      if (isObserved()) emit({ type: "limiter-paused", name, durationMs });
    },
    update: (changed: Limits): void => {
      const rates = ratesOf(changed);
      limiter.change((store, nowMs) => store.update(rates, nowMs));
      if (isObserved()) emit({ type: "limiter-updated", name, currencies: limiter.state().currencies });
    },
    sync: (levels: ServerLevels): void => {
      checkLevels(levels);
      limiter.change((store, nowMs) => store.sync(levels, nowMs));
      if (isObserved()) emit({ type: "limiter-synced", name, currencies: limiter.state().currencies });
    },
  };
}

function describeRateLimit(limiter: Limiter, name: string | undefined): LayerDescription {
  const { currencies } = limiter.state();
  const limits = Object.entries(currencies).map(
    ([currency, { limit, perMs, burst }]) => `${limit} ${currency} per ${perMs} ms, ${burst} at once`,
  );
  return {
    policy: "rate-limit",
    name,
    summary: limits.length === 0 ? "lets every call go" : `lets go at most ${limits.join("; ")}`,
    options: { limits: currencies },
  };
}
