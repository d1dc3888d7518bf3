import { type Clock, replaceDefaultClock } from "../clock.js";

/**
 * Swaps the default clock until it is disposed: `using _ = withClock(clock)`. Policies made before use it as well, unless
 * they were given a clock of their own.
 */
export function withClock(clock: Clock): Disposable {
  const replaced = replaceDefaultClock(clock);
  return {
    [Symbol.dispose]: () => {
      replaceDefaultClock(replaced);
    },
  };
}
