import type { Duration } from "../duration.js";
import { checkKeys } from "../options.js";
import { factory, type Live } from "../schedule.js";
import { checkCap, growing } from "./growth.js";

/** Options of {@link fibo}. */
export interface FiboOptions {
  /** The first two waits. @default "1s" */
  readonly factor?: Live<Duration> | undefined;
  /** No wait is longer. @default Infinity */
  readonly max?: Live<Duration> | undefined;
}

/** Fibonacci backoff: 1, 1, 2, 3, 5, … times `factor`, never above `max`; once there, it stays. */
export const fibo: (options?: FiboOptions) => Iterable<number> = /* @__PURE__ */ factory(
  "fibo",
  (options: FiboOptions = {}): Iterable<number> => {
    checkKeys(options, ["factor", "max"], "fibo");
    const { factor = "1s", max = Number.POSITIVE_INFINITY } = options;
    checkCap(factor, max, "factor");
    return growing(factor, max, () => {
      let [previous, current] = [1, 0];
      return () => {
        [previous, current] = [current, previous + current];
        return current;
      };
    });
  },
);
