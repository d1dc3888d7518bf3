/** A refusal, as a search for the limit behind it sees it. */
export interface RefusedAt {
  readonly sentMs: number;
  readonly nowMs: number;
  /** All that was let in before this request was sent, in the currency that is searched. */
  readonly admitted: number;
}

/** What a search takes to be let in per second, requests of the mean size, where fewer went before they were refused. */
export const SEARCH_START = 10;

const PROBING_STEP_MS = 500;
const PROBING_GROWTH = 1.25;
/** A rate that was measured is kept a little below, and raised by so much of itself in a second, until it is refused again. */
const HOLDING_GROWTH_PER_SECOND = 0.01;
const HOLDING_MOST = 1.1;
/** After a provider asked for slower growth: back in a minute. */
const RAMP_GROWTH_PER_SECOND = 0.5 / 60;

/** How a search moves: it probes until it has measured, and then holds what it measured. */
type Phase = "probing" | "holding" | "ramp";

/**
 * Finds a limit that nobody tells, from the first refusal on, by additive increase and multiplicative decrease, with one cut
 * per episode: refusals of requests that were sent before the last cut say nothing new.
 *
 * Between two refusals the bucket at the server went from empty to empty, so what was let in between them is what came in:
 * the rate itself, however large the burst is. So it is cut to what was measured, where enough was, and held just below.
 *
 * @see Chiu and Jain, "Analysis of the increase and decrease algorithms", 1989.
 */
export class RateSearch {
  readonly #ceiling: number;
  #perSecond: number;
  #phase: Phase = "probing";
  /** The rate that `holding` and `ramp` count from. */
  #base: number;
  #stepMs = Number.NEGATIVE_INFINITY;
  #cutMs = Number.NEGATIVE_INFINITY;
  #mark: { readonly ms: number; readonly admitted: number } | undefined;
  /** What one request costs at the mean, in the currency that is searched. */
  #unit: number;

  /**
   * @param perSecond Where it begins.
   * @param unit What one request costs, about.
   * @param ceiling It never rises above.
   */
  constructor(perSecond: number, unit = 1, ceiling: number = Number.POSITIVE_INFINITY) {
    this.#perSecond = Math.min(perSecond, ceiling);
    this.#base = this.#perSecond;
    this.#unit = unit;
    this.#ceiling = ceiling;
  }

  get perSecond(): number {
    return this.#perSecond;
  }

  /** The rate stands at its ceiling again. */
  get isOver(): boolean {
    return this.#perSecond >= this.#ceiling && this.#phase !== "holding";
  }

  /** Raises the rate as time passes. @param isUsed Whether the rate held somebody back: one that does not is not raised. */
  grow(nowMs: number, isUsed: boolean): void {
    if (this.#stepMs === Number.NEGATIVE_INFINITY) this.#stepMs = nowMs;
    if (!isUsed) {
      this.#stepMs = nowMs;
      return;
    }
    const passedMs = nowMs - this.#stepMs;
    // As long as a few requests take: who may send one in a minute learns nothing in half a second.
    const fewMs = (4000 * this.#unit) / this.#perSecond;
    if (this.#phase === "holding" || this.#phase === "ramp") this.#climb(nowMs, passedMs);
    else if (passedMs >= Math.max(PROBING_STEP_MS, fewMs)) this.#set(this.#perSecond * PROBING_GROWTH, nowMs);
  }

  /**
   * A request was refused. Returns whether that cut the rate: not when it was sent before the last cut.
   *
   * @param unit What one request costs at the mean.
   */
  refused({ sentMs, nowMs, admitted }: RefusedAt, unit: number): boolean {
    if (sentMs < this.#cutMs) return false;
    this.#unit = unit;
    const measured = this.#measured(sentMs, admitted);
    const isFirst = this.#mark === undefined;
    this.#mark = { ms: sentMs, admitted };
    this.#cutMs = nowMs;
    this.#stepMs = nowMs;
    if (measured === undefined) {
      this.#phase = "probing";
      this.#perSecond *= isFirst ? 0.5 : 0.7;
      return true;
    }
    const { perSecond, requests } = measured;
    const isExact = requests >= 20;
    // What was measured over few requests is rather taken too high: the next refusal measures over more.
    const kept = isExact ? perSecond * (0.99 - 0.5 / requests) : perSecond * (1 + 1 / requests);
    this.#phase = isExact ? "holding" : "probing";
    this.#perSecond = isExact ? kept : Math.min(this.#perSecond * 0.9, kept);
    this.#base = this.#perSecond;
    return true;
  }

  /** The provider asks for slower growth: half the rate, and back little by little. */
  halve(sentMs: number, nowMs: number): boolean {
    if (sentMs < this.#cutMs) return false;
    this.#cutMs = nowMs;
    this.#stepMs = nowMs;
    this.#phase = "ramp";
    this.#base = this.#perSecond;
    this.#perSecond *= 0.5;
    return true;
  }

  #measured(sentMs: number, admitted: number): { readonly perSecond: number; readonly requests: number } | undefined {
    const mark = this.#mark;
    if (mark === undefined) return undefined;
    const seconds = (sentMs - mark.ms) / 1000;
    const requests = (admitted - mark.admitted) / this.#unit;
    if (seconds < 0.1 || requests < 2) return undefined;
    return { perSecond: (admitted - mark.admitted) / seconds, requests };
  }

  #climb(nowMs: number, passedMs: number): void {
    const isRamp = this.#phase === "ramp";
    const share = isRamp ? RAMP_GROWTH_PER_SECOND : HOLDING_GROWTH_PER_SECOND;
    this.#set(this.#perSecond + (share * this.#base * passedMs) / 1000, nowMs);
    // So far above what was measured, and not refused: the limit is another one by now.
    if (!isRamp && this.#perSecond > this.#base * HOLDING_MOST) this.#phase = "probing";
  }

  #set(perSecond: number, nowMs: number): void {
    this.#perSecond = Math.min(this.#ceiling, perSecond);
    this.#stepMs = nowMs;
  }
}
