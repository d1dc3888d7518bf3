import { type Duration, toMs } from "./duration.js";
import { type Random, systemRandom } from "./random.js";

/** Spreads a wait, so that callers who failed together do not come back together. Gets and returns milliseconds. */
export type Jitter = (delayMs: number, random: Random) => number;

/**
 * Anything between nothing and the wait: the fewest calls for the time that it takes.
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ "Full Jitter"
 */
export function fullJitter(delayMs: number, random: Random = systemRandom): number {
  return delayMs * random();
}

/**
 * Half of the wait for certain, the other half by chance: for when a minimum wait matters.
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ "Equal Jitter"
 */
export function equalJitter(delayMs: number, random: Random = systemRandom): number {
  return (delayMs / 2) * (1 + random());
}

/**
 * The wait and up to a second on top: backoff's `random_jitter`. The only one that goes above a schedule's cap, by its spread.
 * Call it with a duration for another spread: `jitter: randomJitter("250ms")`.
 */
export function randomJitter(spread: Duration): Jitter;
export function randomJitter(delayMs: number, random: Random): number;
export function randomJitter(first: Duration, random?: Random): number | Jitter {
  if (random !== undefined) return (first as number) + random() * 1000;
  const spreadMs = toMs(first, "spread");
  return (delayMs, chance) => delayMs + chance() * spreadMs;
}
