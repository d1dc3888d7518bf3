import { optionError } from "./errors.js";

/**
 * A length of time: a number of milliseconds, or a number with a unit, such as `"250ms"`, `"1.5s"`, `"2m"`, `"1h"`, `"7d"`.
 *
 * Strings follow the grammar `^\d+(\.\d+)?(ms|s|m|h|d)$`. `Infinity` means "no limit" where an option allows it.
 */
export type Duration = number | `${number}${"ms" | "s" | "m" | "h" | "d"}`;

const GRAMMAR = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5 };

/** The milliseconds of `value`, or `undefined` where it is no {@link Duration}: not a string of the grammar, negative, or NaN. */
export function durationMs(value: unknown): number | undefined {
  if (typeof value === "number") return value >= 0 ? value : undefined;
  const [, amount, unit = ""] = (typeof value === "string" && GRAMMAR.exec(value)) || [];
  return amount === undefined ? undefined : Number(amount) * (UNIT_MS[unit] as number);
}

/**
 * The milliseconds of an option's value.
 *
 * @throws OptionError naming `option`, the value and what was expected.
 */
export function toMs(value: Duration, option: string): number {
  const ms = durationMs(value);
  if (ms === undefined) throw optionError(option, 'a duration >= 0, such as 250 (ms), "250ms" or "1.5s"', value);
  return ms;
}

/** Like {@link toPositiveMs}, for times that have to end. @throws OptionError for Infinity as well. */
export function toFiniteMs(value: Duration, option: string): number {
  const ms = toMs(value, option);
  if (ms === 0 || ms === Number.POSITIVE_INFINITY) throw optionError(option, "a duration > 0 and < Infinity", value);
  return ms;
}

/** Like {@link toMs}, for times that make no sense when they are over at once. @throws OptionError for 0 as well. */
export function toPositiveMs(value: Duration, option: string): number {
  const ms = toMs(value, option);
  if (ms === 0) throw optionError(option, "a duration > 0", value);
  return ms;
}
