import type { Clock, Duration, Random } from "bide";
import { OptionError, systemRandom } from "bide";
import { checkFunction, defaultClock, optionError, toMs } from "bide/kit";
import { DEFAULT_PREFIX } from "./keys.js";

/** What a store does while Redis does not answer. */
export type OnUnavailable = "local-share" | "stop";

/** Options that all stores have. */
export interface RedisStoreOptions {
  /** Names what is shared: who uses the same key shares it. No braces. */
  readonly key: string;
  /** Put before all keys. No braces. @default "bide:" */
  readonly prefix?: string | undefined;
  /** How long an answer is waited for. @default "1s" */
  readonly timeout?: Duration | undefined;
  /** Hears, once for each outage, why Redis counts as gone, and `undefined` when it is back. What it throws changes nothing. */
  readonly onAvailability?: ((error: unknown) => void) | undefined;
  /** @default the clock of the host; only differences of it are used, so that clocks of workers need not agree */
  readonly clock?: Clock | undefined;
  /** Spreads the tries to reach Redis again. @default Math.random */
  readonly random?: Random | undefined;
}

/** The defaults that all stores have. */
export const REDIS_STORE_DEFAULTS: {
  readonly prefix: string;
  readonly timeout: Duration;
  readonly onUnavailable: OnUnavailable;
} = Object.freeze({ prefix: DEFAULT_PREFIX, timeout: "1s", onUnavailable: "local-share" });

/** The names of {@link RedisStoreOptions}, for the check of those of a store. */
export const STORE_KEYS: readonly string[] = ["key", "prefix", "timeout", "onAvailability", "clock", "random"];

/** What a connection is made of. */
export interface ConnectionOptions {
  readonly timeoutMs: number;
  readonly clock: () => Clock;
  readonly random: Random;
  readonly onAvailability: ((error: unknown) => void) | undefined;
}

/** @throws OptionError for an option that is out of range. */
export function connectionOptions(options: RedisStoreOptions): ConnectionOptions {
  const { clock, random = systemRandom, onAvailability } = options;
  checkFunction(onAvailability, "onAvailability");
  checkFunction(random, "random");
  return {
    timeoutMs: finiteMs(options.timeout ?? REDIS_STORE_DEFAULTS.timeout, "timeout"),
    clock: () => clock ?? defaultClock(),
    random,
    onAvailability,
  };
}

/** A duration that has to be more than nothing and end. */
export function finiteMs(value: Duration, option: string): number {
  const ms = toMs(value, option);
  if (ms > 0 && ms < Number.POSITIVE_INFINITY) return ms;
  throw optionError(option, "a duration > 0 and < Infinity", value);
}

/** @throws OptionError unless it is one of the two. */
export function checkOnUnavailable(value: unknown): void {
  if (value === undefined || value === "local-share" || value === "stop") return;
  throw new OptionError("onUnavailable", 'expected `onUnavailable` to be "local-share" or "stop"');
}
