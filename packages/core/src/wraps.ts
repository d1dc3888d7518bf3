import { OptionError } from "./errors.js";
import { checkCallable } from "./options.js";
import type { AnyFunction } from "./wrapped.js";

/**
 * Makes a function look like `original`: name, length and own properties, as Python's `functools.wraps` does.
 * It changes the function that it is given, and returns it with its own type.
 *
 * @throws OptionError for what is no function.
 */
export function wraps(original: AnyFunction): <F extends AnyFunction>(fn: F) => F {
  checkCallable(original, "fn");
  return (fn) => {
    checkCallable(fn, "fn");
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
export function checkWrappable(fn: unknown, option = "fn"): void {
  checkCallable(fn, option);
  // Each `run` comes through here: asking for the tag in the usual way would cost ten times as much.
  if ((fn as { readonly [Symbol.toStringTag]?: string })[Symbol.toStringTag]?.includes("Gen")) {
    throw new OptionError(
      option,
      `\`${fn.name || "anonymous"}\` is a generator function: calling it cannot fail, only iterating can; wrap what iterates it, or use \`iterate\` of \`bide\``,
    );
  }
}
