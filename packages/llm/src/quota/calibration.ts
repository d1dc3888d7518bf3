/** How quickly old answers are forgotten: an answer weighs a twentieth, once there were that many. */
const LEAST_WEIGHT = 0.05;
/** A ratio outside of it is no tokenizer, but images, tools, or a mistake in the answer. */
const MOST = 8;

/** The factor between a rough count of tokens and what a model's answers say it was: the mean of late, weighted by age. */
export class Calibration {
  #ratio = 1;
  #answers = 0;

  /** What `rough` tokens are for this model. */
  corrected(rough: number): number {
    return Math.ceil(rough * this.#ratio);
  }

  get ratio(): number {
    return this.#ratio;
  }

  /** An answer said how many tokens its prompt was. */
  heard(rough: number, actual: number): void {
    if (!(rough > 0 && actual > 0)) return;
    const seen = Math.min(MOST, Math.max(1 / MOST, actual / rough));
    this.#answers++;
    this.#ratio += Math.max(LEAST_WEIGHT, 1 / this.#answers) * (seen - this.#ratio);
  }
}
