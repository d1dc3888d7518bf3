import type { Cost } from "bide";
import type { Dialect, Usage } from "../dialects/dialect.js";
import type { RequestSize } from "../request/facts.js";
import { Calibration } from "./calibration.js";
import { CostFinder, type CostTotals, type TokenReading } from "./cost-finder.js";
import { type CostModel, costOf } from "./cost-models.js";
import { RecentMean } from "./recent.js";

/** What is reserved for an answer's output until answers have shown how long they are. */
const FIRST_OUTPUT_TOKENS = 256;

/** What requests cost on one lane: by the provider's formula, as far as it is known, and by what answers say. */
export class Pricing {
  readonly #dialect: Dialect;
  readonly #finder: CostFinder | undefined;
  readonly #calibration = new Calibration();
  readonly #output = new RecentMean();

  /** @param told The formula that the user told. */
  constructor(dialect: Dialect, told: CostModel | undefined) {
    this.#dialect = dialect;
    const { admission } = dialect;
    if (told !== undefined) this.#finder = new CostFinder(told, true);
    else if (typeof admission === "string") this.#finder = new CostFinder(admission, false);
  }

  get model(): CostModel | "own" {
    return this.#finder?.model ?? "own";
  }

  get tokenRatio(): number {
    return this.#calibration.ratio;
  }

  /** What is reserved for a request. */
  costOf(size: RequestSize): Cost {
    const { tokens, input } = this.#tokens(size);
    const output = Math.min(
      Math.ceil(this.#output.value ?? FIRST_OUTPUT_TOKENS),
      (size.maxTokens ?? Number.POSITIVE_INFINITY) * size.answers,
    );
    return {
      requests: 1,
      tokens,
      "input-tokens": input,
      "output-tokens": output,
      "requests-day": 1,
      "tokens-day": tokens,
    };
  }

  /** What a request cost whose answer told its usage, or whose charge the headers told; `undefined`: what was reserved. */
  settled(reserved: Cost, usage: Usage | undefined, charged: number | undefined): Cost {
    const tokens = charged ?? (usage && this.#dialect.settlement?.(usage));
    const known = tokens === undefined ? {} : { tokens, "tokens-day": tokens };
    if (usage === undefined) return { ...reserved, ...known };
    const input = Math.max(0, usage.inputTokens - usage.cachedTokens);
    return { ...reserved, ...known, "input-tokens": input, "output-tokens": usage.outputTokens };
  }

  sent(size: RequestSize): CostTotals {
    return this.#finder?.sent(size, this.#input(size)) ?? [];
  }

  refused(size: RequestSize): void {
    this.#finder?.refused(size, this.#input(size));
  }

  /** What the headers said is left of the tokens. Returns whether another formula is believed now. */
  read(reading: TokenReading): boolean {
    return this.#finder?.read(reading) ?? false;
  }

  /** What the provider said this request costs. Returns whether another formula is believed now. */
  told(tokens: number, size: RequestSize): boolean {
    return this.#finder?.told(tokens, size, this.#input(size)) ?? false;
  }

  /** What an answer said that it used. */
  used(size: RequestSize, usage: Usage): void {
    this.#calibration.heard(size.tokens, usage.inputTokens);
    this.#output.add(usage.outputTokens);
  }

  #tokens(size: RequestSize): { readonly tokens: number; readonly input: number } {
    const input = this.#input(size);
    if (this.#finder !== undefined) return costOf(this.#finder.model, size, input);
    const { admission } = this.#dialect;
    return { tokens: typeof admission === "function" ? admission(size) : input, input };
  }

  #input(size: RequestSize): number {
    return this.#calibration.corrected(size.tokens);
  }
}
