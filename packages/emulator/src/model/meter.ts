/** One limit being counted. Every method takes the time; none may be called with an earlier one than before. */
export interface Meter {
  /** What the provider says the limit is, in its own unit per period. */
  readonly limit: number;
  /** The most that a single request may cost; more is never admitted. */
  readonly capacity: number;
  /** What is left, not rounded; negative while a late debit is being worked off. */
  level(nowMs: number): number;
  /** Milliseconds, not rounded, until `cost` fits if nobody else comes; `undefined` where time alone does not tell. */
  waitMs(cost: number, nowMs: number): number | undefined;
  /** Milliseconds, not rounded, until nothing is used any more. */
  resetMs(nowMs: number): number;
  /** Takes `cost`, whether it fits or not. */
  take(cost: number, nowMs: number): void;
  /** Takes at most what is there: how a refused request counts without running into debt. */
  burn(cost: number, nowMs: number): void;
  /** Gives back what was taken too much. */
  give(cost: number, nowMs: number): void;
  /** Changes the limit. A bucket keeps what is left (cut to the new capacity), a window keeps what is used. */
  change(limit: number, capacity: number, nowMs: number): void;
}

/** How a limit is counted over time. */
export type Algorithm = "token-bucket" | "fixed-window" | "sliding-window";
