import { type Clock, replaceDefaultClock } from "../clock.js";
import { checkMethods } from "../options.js";

/**
 * Swaps the default clock until it is disposed: `using _ = withClock(clock)`. Policies made before use it as well, unless
 * they were given a clock of their own.
 *
 * @throws OptionError for what is no clock.
 */
export function withClock(clock: Clock): Disposable {
  checkMethods(clock ?? null, "clock", ["nowMs", "wallNowMs", "sleep"], "a clock");
  let replaced: Clock | undefined = replaceDefaultClock(clock);
  return {
    [Symbol.dispose]: () => {
      if (replaced) replaceDefaultClock(replaced);
      // A second time it would take somebody else's clock out of its place.
      replaced = undefined;
    },
  };
}
