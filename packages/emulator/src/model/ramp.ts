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
  #window = Number.NEGATIVE_INFINITY;
  #minute = Number.NEGATIVE_INFINITY;
  /** Of this minute. */
  #used = 0;
  /** The busiest minutes of this window and of the one before. */
  #peak = 0;
  #before = 0;

  /** Whether `tokens` more in this minute would be too steep; if not, they are counted. */
  tooSteep(rule: RampRule, tokens: number, nowMs: number): boolean {
    this.#roll(rule.windowMs, nowMs);
    const allowed = Math.max(rule.aboveTokensPerMinute, this.#before * (1 + rule.growth));
    if (this.#used + tokens > allowed) return true;
    this.#used += tokens;
    this.#peak = Math.max(this.#peak, this.#used);
    return false;
  }

  #roll(windowMs: number, nowMs: number): void {
    const minute = Math.floor(nowMs / MINUTE_MS);
    if (minute > this.#minute) {
      this.#minute = minute;
      this.#used = 0;
    }
    const window = Math.floor(nowMs / windowMs);
    if (window === this.#window) return;
    this.#before = window === this.#window + 1 ? this.#peak : 0;
    this.#peak = 0;
    this.#window = window;
  }
}
