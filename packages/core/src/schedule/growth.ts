import { type Duration, toMs } from "../duration.js";
import { optionError } from "../errors.js";
import { type Live, read } from "../schedule.js";

/** @throws OptionError when a first wait is longer than the longest one. */
export function checkCap(first: Live<Duration>, max: Live<Duration>, firstName: string): void {
  const firstMs = typeof first === "function" ? 0 : toMs(first, firstName);
  if (typeof max === "function") return;
  if (toMs(max, "max") < firstMs) throw optionError("max", `at least the \`${firstName}\` of ${firstMs} ms`, max);
}

/** @throws OptionError unless the number, where it is known already, is >= 0. */
export function checkNumber(value: Live<number>, option: string): void {
  if (typeof value !== "function" && !(Number.isFinite(value) && value >= 0)) {
    throw optionError(option, "a number >= 0", value);
  }
}

/** The waits `factor * curve(n)`, n from 0, up to the first that reaches `max`; from then on, `max`. */
export function growing(
  factor: Live<Duration>,
  max: Live<Duration>,
  curve: () => (n: number) => number,
): Iterable<number> {
  return endless(() => {
    const capMs = toMs(read(max), "max");
    const factorMs = toMs(read(factor), "factor");
    const at = curve();
    let isCapped = false;
    return (n) => {
      // A factor of 0 stays 0, also where the curve has become infinite.
      const waitMs = isCapped ? capMs : factorMs && factorMs * at(n);
      // A curve of NaN has to come out and be refused, where it would be an endless wait.
      isCapped = waitMs >= capMs;
      return isCapped ? capMs : waitMs;
    };
  });
}

/** Waits without an end, of a function of n, from 0, that is made anew for each run. Nothing of it has to be closed. */
export function endless(begin: () => (n: number) => number): Iterable<number> {
  return {
    [Symbol.iterator]() {
      const waitAt = begin();
      let n = 0;
      return { next: () => ({ done: false, value: waitAt(n++) }) };
    },
  };
}
