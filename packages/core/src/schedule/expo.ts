import type { Duration } from "../duration.js";
import { checkKeys } from "../options.js";
import { factory, type Live, read } from "../schedule.js";
import { checkCap, checkNumber, growing } from "./growth.js";

/** Options of {@link expo}. */
export interface ExpoOptions {
  /** What each wait is multiplied by; >= 0. @default 2 */
  readonly base?: Live<number> | undefined;
  /** The first wait. @default "1s" */
  readonly factor?: Live<Duration> | undefined;
  /** No wait is longer. @default Infinity */
  readonly max?: Live<Duration> | undefined;
}

/** Exponential backoff: `factor * base ** n`, n from 0, never above `max`; once there, it stays. */
export const expo: (options?: ExpoOptions) => Iterable<number> = /* @__PURE__ */ factory(
  "expo",
  (options: ExpoOptions = {}): Iterable<number> => {
    checkKeys(options, ["base", "factor", "max"], "expo");
    const { base = 2, factor = "1s", max = Number.POSITIVE_INFINITY } = options;
    checkCap(factor, max, "factor");
    checkNumber(base, "base");
    return growing(factor, max, () => {
      const step = read(base);
      return (n) => step ** n;
    });
  },
);
