import type { Meter } from "./meter.js";

/**
 * A continuously refilled bucket, the way OpenAI counts: it starts full and refills by `limit` per period.
 * The level is an integer number of parts of a token, as many as make the refill of one millisecond a whole number,
 * so that at whole milliseconds no rounding ever admits a request early or late.
 */
export class TokenBucket implements Meter {
  limit: number;
  capacity: number;
  readonly #periodMs: number;
  #partsPerToken: number;
  #partsPerMs: number;
  #parts: number;
  #atMs = Number.NEGATIVE_INFINITY;

  constructor(limit: number, capacity: number, periodMs: number) {
    this.limit = limit;
    this.capacity = capacity;
    this.#periodMs = periodMs;
    [this.#partsPerToken, this.#partsPerMs] = reduced(periodMs, limit);
    this.#parts = capacity * this.#partsPerToken;
  }

  level(nowMs: number): number {
    return this.#refilled(nowMs) / this.#partsPerToken;
  }

  waitMs(cost: number, nowMs: number): number {
    if (cost > this.capacity) return Number.POSITIVE_INFINITY;
    return Math.max(0, (cost * this.#partsPerToken - this.#refilled(nowMs)) / this.#partsPerMs);
  }

  resetMs(nowMs: number): number {
    return (this.capacity * this.#partsPerToken - this.#refilled(nowMs)) / this.#partsPerMs;
  }

  take(cost: number, nowMs: number): void {
    this.#parts = this.#refilled(nowMs) - cost * this.#partsPerToken;
  }

  burn(cost: number, nowMs: number): void {
    const parts = this.#refilled(nowMs);
    this.#parts = Math.min(parts, Math.max(0, parts - cost * this.#partsPerToken));
  }

  give(cost: number, nowMs: number): void {
    const full = this.capacity * this.#partsPerToken;
    this.#parts = Math.min(full, this.#refilled(nowMs) + cost * this.#partsPerToken);
  }

  change(limit: number, capacity: number, nowMs: number): void {
    const left = this.level(nowMs);
    this.limit = limit;
    this.capacity = capacity;
    [this.#partsPerToken, this.#partsPerMs] = reduced(this.#periodMs, limit);
    this.#parts = Math.floor(Math.min(left, capacity) * this.#partsPerToken);
  }

  #refilled(nowMs: number): number {
    if (nowMs > this.#atMs) {
      const full = this.capacity * this.#partsPerToken;
      this.#parts = Math.min(full, this.#parts + (nowMs - this.#atMs) * this.#partsPerMs);
      this.#atMs = nowMs;
    }
    return this.#parts;
  }
}

/** `periodMs : limit` in lowest terms, which keeps a day's worth of tokens far below 2^53 parts. */
function reduced(periodMs: number, limit: number): [partsPerToken: number, partsPerMs: number] {
  const divisor = greatestCommonDivisor(periodMs, limit);
  return [periodMs / divisor, limit / divisor];
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
