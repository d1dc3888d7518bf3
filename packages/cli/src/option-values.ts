import type { Duration } from "bide";
import { durationMs } from "bide/kit";
import { InvalidArgumentError } from "commander";
import { UsageError } from "./usage-error.js";

/** An integer >= 1 on the command line. */
export function wholeNumber(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new InvalidArgumentError("Expected an integer >= 1.");
}

/** An integer >= 0 on the command line. */
export function wholeNumberOrZero(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError("Expected an integer >= 0.");
}

/** A port on the command line; 0 for any. */
export function portNumber(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value <= 65_535) return value;
  throw new InvalidArgumentError("Expected a port from 0 to 65535.");
}

/** A number > 0 on the command line. */
export function positiveNumber(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("Expected a number > 0.");
}

/** A length of time with its unit, such as `90s`. */
export function duration(text: string): Duration {
  const ms = durationMs(text);
  if (ms !== undefined && ms > 0) return ms;
  throw new InvalidArgumentError("Expected a time with its unit, such as 500ms, 90s, 10m or 8h.");
}

/** The same, or `0` for none. */
export function durationOrZero(text: string): Duration {
  return text === "0" ? 0 : duration(text);
}

/** A header `Name: value`, added to those before. */
export function header(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*(.*)$/.exec(text) ?? [];
  // What was typed may hold a secret, and an InvalidArgumentError is told with all of it.
  if (name === undefined || value === undefined) throw new UsageError("--header: expected 'Name: value'");
  if (!isHeaderValue(value)) throw new UsageError(`--header: the value of ${name} has a sign that no header may have`);
  return { ...before, [name.toLowerCase()]: value };
}

/** The output of a run: results are put in place at its end, with a journal beside them, which a stream cannot have. */
export function outputFile(text: string): string {
  if (text !== "" && text !== "-") return text;
  throw new InvalidArgumentError("Expected the name of a file; for events on stdout there is --json.");
}

/** Whether a text may be sent in a header: it has no line ends, and no signs beyond Latin-1. */
export function isHeaderValue(text: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(text);
}

/** One more of an option that may be given several times. */
export function oneMore(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

/** The address of an endpoint. */
export function baseUrl(text: string): string {
  if (/^https?:\/\/[^/\s]+/.test(text) && URL.canParse(text)) return text;
  throw new InvalidArgumentError("Expected an address such as http://127.0.0.1:8000/v1.");
}

/** Reads the address of a Redis. What was given may hold a password, so that no message repeats it. @param source Its name. */
export function redisUrl(source: string): (text: string) => string {
  return (text) => {
    if (/^rediss?:\/\/\S+$/.test(text) && URL.canParse(text)) return text;
    throw new UsageError(`${source}: expected an address such as redis://127.0.0.1:6379`);
  };
}
