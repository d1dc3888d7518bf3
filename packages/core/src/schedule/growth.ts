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
  if (typeof value !== "function" && !(typeof value === "number" && value >= 0 && value < Number.POSITIVE_INFINITY)) {
    throw optionError(option, "a number >= 0", value);
  }
}

/** The waits `factor * curve(n)`, n from 0, up to the first that reaches `max`; from then on, `max`. */
export function growing(
  factor: Live<Duration>,
  max: Live<Duration>,
  curve: () => (n: number) => number,
): Iterable<number> {
  return repeatable(function* () {
    const capMs = toMs(read(max), "max");
    const factorMs = toMs(read(factor), "factor");
    const at = curve();
    // A factor of 0 stays 0, also where the curve has become infinite.
    const waitAt = (n: number): number => factorMs && factorMs * at(n);
    // Not `<`: a curve of NaN has to come out and be refused, where it would be an endless wait.
    for (let n = 0, waitMs = waitAt(0); !(waitMs >= capMs); waitMs = waitAt(++n)) yield waitMs;
    for (;;) yield capMs;
  });
}

/** Makes an iterable of a generator function that takes nothing. */
export function repeatable(start: () => Iterator<number>): Iterable<number> {
  return { [Symbol.iterator]: start };
}
