/** How fast use may grow before a provider says "slow down". */
export interface RampRule {
  /** Tokens per minute that are always allowed. @default 1_000_000, from OpenAI's error guide */
  readonly aboveTokensPerMinute: number;
  /** By how much the busiest minute may exceed that of the window before, 0.5 for half as much again. */
  readonly growth: number;
  /** The window: OpenAI's guide says 15 minutes. */
  readonly windowMs: number;
}

const MINUTE_MS = 60_000;

/** Watches how use grows from one window to the next. */
export class Ramp {
  readonly #rule: RampRule;
  #window = Number.NEGATIVE_INFINITY;
  #minute = Number.NEGATIVE_INFINITY;
  #used = 0;
  #peak = 0;
  #allowed: number;

  constructor(rule: RampRule) {
    this.#rule = rule;
    this.#allowed = rule.aboveTokensPerMinute;
  }

  /** Whether `tokens` more in this minute would be too steep; if not, they are counted. */
  tooSteep(tokens: number, nowMs: number): boolean {
    this.#roll(nowMs);
    if (this.#used + tokens > this.#allowed) return true;
    this.#used += tokens;
    this.#peak = Math.max(this.#peak, this.#used);
    return false;
  }

  #roll(nowMs: number): void {
    const minute = Math.floor(nowMs / MINUTE_MS);
    if (minute > this.#minute) {
      this.#minute = minute;
      this.#used = 0;
    }
    const window = Math.floor(nowMs / this.#rule.windowMs);
    if (window <= this.#window) return;
    const before = window === this.#window + 1 ? this.#peak : 0;
    this.#allowed = Math.max(this.#rule.aboveTokensPerMinute, before * (1 + this.#rule.growth));
    this.#peak = 0;
    this.#window = window;
  }
}
