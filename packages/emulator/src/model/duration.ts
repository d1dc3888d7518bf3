import { shown } from "./checks.js";

/** A time: milliseconds, or text such as `250ms`, `1.5s`, `10m`, `2h`, `1d`. */
export type Time = number | string;

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Reads a time in milliseconds; `name` is what the error calls it. */
export function parseTime(value: unknown, name: string): number {
  if (typeof value === "number" && value >= 0) return value;
  if (typeof value === "string") {
    const [, digits = "", unit = ""] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(value.trim()) ?? [];
    const unitMs = UNITS_MS[unit];
    if (unitMs !== undefined) return Number(digits) * unitMs;
  }
  throw new TypeError(`expected \`${name}\` to be a time such as "250ms" or "10s", got ${shown(value)}`);
}

/** Reads a share between 0 and 1: a number, or text such as `2%` or `0.02`. */
export function parseShare(value: unknown, name: string): number {
  const number = typeof value === "string" ? shareOf(value.trim()) : value;
  if (typeof number === "number" && number >= 0 && number <= 1) return number;
  throw new TypeError(`expected \`${name}\` to be a share such as "2%" or 0.02, got ${shown(value)}`);
}

function shareOf(text: string): number {
  if (!/^\d+(\.\d+)?%?$/.test(text)) return Number.NaN;
  return text.endsWith("%") ? Number(text.slice(0, -1)) / 100 : Number(text);
}
