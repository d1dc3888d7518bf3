import type { RequestSize } from "../request/facts.js";
import { type CostModel, costOf, DISTINCT_COST_MODELS } from "./cost-models.js";

/** What all requests so far cost together, under each formula. */
export type CostTotals = readonly number[];

/** What the tokens in the headers were, after a request. */
export interface TokenReading {
  /** After this request, itself included. */
  readonly totals: CostTotals;
  readonly remaining: number;
  readonly limit: number;
  readonly sentMs: number;
  /** Counts the requests that were sent, itself included. */
  readonly number: number;
  /** How many were in flight when it was sent, itself included. */
  readonly inFlight: number;
}

/** So many readings before anything is decided. */
const LEAST_READINGS = 3;
/** Beside others, a reading is off by a request or so: only what so many cost together is worth comparing. */
const CROWD = 8;
/** A formula fits when it is off by less than this share of what it is to explain. */
const FITS = 0.15;
/** Old readings fade, so that a provider may change its mind. */
const FADE = 0.97;

/**
 * Finds how a provider charges: by how much the remaining tokens fall from one answer to the next, against what each formula
 * says of the requests between them. Exact after a request that was alone; beside others, the order in which they arrived is
 * guessed, which blurs all formulas alike.
 */
export class CostFinder {
  #model: CostModel;
  readonly #isFixed: boolean;
  #totals: number[] = DISTINCT_COST_MODELS.map(() => 0);
  #errors: number[] = DISTINCT_COST_MODELS.map(() => 0);
  #explained = 0;
  #readings = 0;
  #last: TokenReading | undefined;

  /** @param isFixed The formula was told: nothing is looked for. */
  constructor(model: CostModel, isFixed: boolean) {
    this.#model = model;
    this.#isFixed = isFixed;
  }

  get model(): CostModel {
    return this.#model;
  }

  /** A request goes. Returns the totals after it. */
  sent(size: RequestSize, inputTokens: number): CostTotals {
    this.#totals = this.#totals.map((sum, index) => sum + priceOf(index, size, inputTokens));
    return this.#totals;
  }

  /** A request was refused: it cost no tokens. */
  refused(size: RequestSize, inputTokens: number): void {
    this.#totals = this.#totals.map((sum, index) => sum - priceOf(index, size, inputTokens));
  }

  /** An answer told what is left. Returns whether another formula is believed from now on. */
  read(reading: TokenReading): boolean {
    const before = this.#last;
    if (this.#isFixed || (before !== undefined && reading.number <= before.number)) return false;
    const requests = reading.number - (before?.number ?? 0);
    const isAlone = reading.inFlight === 1 && requests === 1;
    if (before !== undefined && before.limit === reading.limit && !isAlone && requests < CROWD) return false;
    this.#last = reading;
    if (before === undefined || before.limit !== reading.limit) return false;
    const cameIn = (reading.limit * (reading.sentMs - before.sentMs)) / 60_000;
    const fall = Math.min(reading.limit, before.remaining + cameIn) - reading.remaining;
    const expected = reading.totals.map((sum, index) => sum - (before.totals[index] ?? 0));
    return this.#weigh(fall, expected);
  }

  /** The provider told what one request costs: in a header, or in the words of a refusal. */
  told(tokens: number, size: RequestSize, inputTokens: number): boolean {
    if (this.#isFixed) return false;
    return this.#weigh(
      tokens,
      DISTINCT_COST_MODELS.map((_, index) => priceOf(index, size, inputTokens)),
    );
  }

  #weigh(seen: number, expected: readonly number[]): boolean {
    if (!(seen > 0) || expected.every((cost) => cost <= 0)) return false;
    this.#readings++;
    this.#explained = this.#explained * FADE + seen;
    this.#errors = this.#errors.map((sum, index) => sum * FADE + Math.abs(seen - (expected[index] ?? 0)));
    return this.#readings >= LEAST_READINGS && this.#decide();
  }

  #decide(): boolean {
    const least = Math.min(...this.#errors);
    const current = this.#errors[DISTINCT_COST_MODELS.indexOf(distinct(this.#model))] ?? 0;
    if (least > FITS * this.#explained || current <= 2 * least + 0.02 * this.#explained) return false;
    // Of formulas that fit equally well, the one that is named first: more providers use it.
    const found = this.#errors.findIndex((sum) => sum <= least + 0.02 * this.#explained);
    this.#model = DISTINCT_COST_MODELS[found] ?? this.#model;
    return true;
  }
}

function priceOf(index: number, size: RequestSize, inputTokens: number): number {
  return costOf(DISTINCT_COST_MODELS[index] ?? "openai", size, inputTokens).tokens;
}

function distinct(model: CostModel): CostModel {
  if (model === "azure") return "openai-sum";
  return model === "gemini" ? "anthropic" : model;
}
