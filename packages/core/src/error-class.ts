import { optionError } from "./errors.js";

/** A class of errors. */
export type ErrorClass<E = unknown> = abstract new (...args: never[]) => E;

/** Which errors an option means: those of a class, of classes, or those a function says yes to. */
export type ErrorMatch = ErrorClass | readonly ErrorClass[] | ((error: unknown) => boolean);

/** Classes and functions are one kind of thing in JavaScript: what inherits from Error, or is written as a class, is one. */
export function isErrorClass(value: unknown): value is ErrorClass {
  if (typeof value !== "function") return false;
  const { prototype } = value as { prototype?: unknown };
  return (
    prototype === Error.prototype ||
    prototype instanceof Error ||
    /^class\b/.test(Function.prototype.toString.call(value))
  );
}

/** One function of whatever a match may be. @throws OptionError when it is none of it. */
export function matcherOf(match: ErrorMatch, option: string): (error: unknown) => boolean {
  if (Array.isArray(match) && match.length > 0) {
    for (const type of match) if (!isErrorClass(type)) throw optionError(option, "error classes", type);
    // A copy: what becomes of the caller's list later was not looked at.
    const types: readonly ErrorClass[] = [...match];
    return (error) => types.some((type) => error instanceof type);
  }
  if (isErrorClass(match)) return (error) => error instanceof match;
  if (typeof match === "function") return match as (error: unknown) => boolean;
  throw optionError(option, "an error class, a list of them, or a function of the error", match);
}
