import type { LogEntry } from "./log.js";

/** Sums over everything that arrived since the start or the last reset. */
export interface EmulatorStats {
  readonly arrivals: number;
  /** Answers that went out whole, without a fault. */
  readonly completed: number;
  readonly inFlight: number;
  readonly peakInFlight: number;
  /** Tokens charged at admission to requests that were let in. */
  readonly admittedTokens: number;
  readonly byVerdict: Readonly<Record<string, number>>;
  readonly byStatus: Readonly<Record<string, number>>;
  readonly byFault: Readonly<Record<string, number>>;
}

/** Adds up as requests come and go. */
export class Tally {
  #arrivals = 0;
  #completed = 0;
  #inFlight = 0;
  #peak = 0;
  #tokens = 0;
  #byVerdict: Record<string, number> = {};
  #byStatus: Record<string, number> = {};
  #byFault: Record<string, number> = {};

  arrived(entry: LogEntry): void {
    this.#arrivals++;
    this.#inFlight++;
    this.#peak = Math.max(this.#peak, this.#inFlight);
    count(this.#byVerdict, entry.verdict);
    count(this.#byStatus, entry.status);
    if (entry.fault !== undefined) count(this.#byFault, entry.fault);
    if (entry.verdict === "answered" || entry.verdict === "fault") this.#tokens += entry.costTokens ?? 0;
  }

  ended(entry: LogEntry): void {
    this.#inFlight--;
    if (entry.verdict === "answered" && entry.completedAtMs !== undefined) this.#completed++;
  }

  stats(): EmulatorStats {
    return {
      arrivals: this.#arrivals,
      completed: this.#completed,
      inFlight: this.#inFlight,
      peakInFlight: this.#peak,
      admittedTokens: this.#tokens,
      byVerdict: { ...this.#byVerdict },
      byStatus: { ...this.#byStatus },
      byFault: { ...this.#byFault },
    };
  }

  /** Starts again; what is under way stays under way. */
  clear(): void {
    this.#arrivals = 0;
    this.#completed = 0;
    this.#peak = this.#inFlight;
    this.#tokens = 0;
    this.#byVerdict = {};
    this.#byStatus = {};
    this.#byFault = {};
  }
}

function count(counts: Record<string, number>, name: string | number): void {
  counts[name] = (counts[name] ?? 0) + 1;
}
