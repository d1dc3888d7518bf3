import { type Duration, toMs } from "../duration.js";
import { optionError } from "../errors.js";
import type { Failure } from "../outcome.js";
import { factory, JITTERED, type Schedule } from "../schedule.js";

/** What {@link runtime} computes a wait with: the failure in, a wait out. */
export type WaitOf = (failure: Failure) => Duration;

/**
 * The wait comes from the failure itself, each time anew: a hint that a server sent, for instance.
 * It is kept exactly; only a `jitter` that was asked for is applied to it.
 */
export const runtime: (options: WaitOf | { readonly value: WaitOf }) => Schedule = /* @__PURE__ */ factory(
  "runtime",
  (options: WaitOf | { readonly value: WaitOf }): Schedule => {
    const waitOf = typeof options === "function" ? options : options?.value;
    if (typeof waitOf !== "function") throw optionError("value", "a function of the failure", waitOf);
    const waits = function* (first: Failure): Generator<number, void, Failure> {
      for (let failure = first; ; ) failure = yield toMs(waitOf(failure), "value");
    };
    return Object.assign(waits, { [JITTERED]: "exact" });
  },
);
