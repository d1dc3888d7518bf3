import { type Duration, toMs } from "../duration.js";
import { checkFunction, checkKeys } from "../options.js";
import { type Random, systemRandom } from "../random.js";
import { factory, JITTERED, type Live, read } from "../schedule.js";
import { checkCap, endless } from "./growth.js";

/** Options of {@link decorrelated}. */
export interface DecorrelatedOptions {
  /** No wait is shorter. @default "1s" */
  readonly base?: Live<Duration> | undefined;
  /** No wait is longer. @default Infinity */
  readonly max?: Live<Duration> | undefined;
  /** @default Math.random */
  readonly random?: Random | undefined;
}

/**
 * Waits by chance between `base` and three times the wait before, never above `max`. Random itself: no jitter is added.
 * The chance is taken below `max` rather than cut at it, so that callers at the cap do not come back together.
 *
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ "Decorrelated Jitter"
 */
export const decorrelated: (options?: DecorrelatedOptions) => Iterable<number> = /* @__PURE__ */ factory(
  "decorrelated",
  (options: DecorrelatedOptions = {}): Iterable<number> => {
    checkKeys(options, ["base", "max", "random"], "decorrelated");
    const { base = "1s", max = Number.POSITIVE_INFINITY, random = systemRandom } = options;
    checkCap(base, max, "base");
    checkFunction(random, "random");
    const waits = endless(() => {
      const capMs = toMs(read(max), "max");
      const baseMs = toMs(read(base), "base");
      let waitMs = baseMs;
      return () => {
        const topMs = Math.min(capMs, 3 * waitMs);
        waitMs = Math.min(baseMs, topMs) + random() * Math.max(0, topMs - baseMs);
        return waitMs;
      };
    });
    return Object.assign(waits, { [JITTERED]: "random" });
  },
);
