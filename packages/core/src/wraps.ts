import { OptionError } from "./errors.js";

const OWN = new Set<PropertyKey>(["length", "name", "prototype", "arguments", "caller"]);

/**
 * Makes a function look like `original`: name, length and own properties, as Python's `functools.wraps` does.
 * It changes the function that it is given, and returns it with its own type.
 */
export function wraps(original: (...args: never[]) => unknown): <F extends (...args: never[]) => unknown>(fn: F) => F {
  return (fn) => {
    Object.defineProperty(fn, "name", { value: original.name, configurable: true });
    Object.defineProperty(fn, "length", { value: original.length, configurable: true });
    for (const key of Reflect.ownKeys(original)) {
      const property = Object.getOwnPropertyDescriptor(original, key);
      if (property && !OWN.has(key)) Object.defineProperty(fn, key, property);
    }
    return fn;
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
