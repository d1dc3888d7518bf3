import { OptionError } from "./errors.js";

/**
 * Makes a function look like `original`: name, length and own properties, as Python's `functools.wraps` does.
 * It changes the function that it is given, and returns it with its own type.
 */
export function wraps(original: (...args: never[]) => unknown): <F extends (...args: never[]) => unknown>(fn: F) => F {
  return (fn) => {
    // These three are each function's own affair.
    const {
      prototype: _1,
      arguments: _2,
      caller: _3,
      ...own
    } = Object.getOwnPropertyDescriptors<object>(original) as Record<PropertyKey, PropertyDescriptor>;
    return Object.defineProperties(fn, own);
  };
}

/** @throws OptionError when `fn` is no function, or makes an iterator: an attempt of it would succeed before it had begun. */
export function checkWrappable(fn: unknown): void {
  if (typeof fn !== "function") throw new OptionError("fn", `expected a function to wrap, got ${typeof fn}`);
  if (/Generator/.test(Object.prototype.toString.call(fn))) {
    throw new OptionError(
      "fn",
      `\`${fn.name || "anonymous"}\` is a generator function: calling it cannot fail, only iterating can; use \`policy.iterate\``,
    );
  }
}
