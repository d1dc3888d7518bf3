import type { Duration } from "../duration.js";
import { checkKeys } from "../options.js";
import { factory, type Live, read } from "../schedule.js";
import { checkCap, checkNumber, growing } from "./growth.js";

/** Options of {@link polynomial}. */
export interface PolynomialOptions {
  /** 1: each wait is longer by the same; 2: by more each time. >= 0. @default 2 */
  readonly exponent?: Live<number> | undefined;
  /** The first wait. @default "1s" */
  readonly factor?: Live<Duration> | undefined;
  /** No wait is longer. @default Infinity */
  readonly max?: Live<Duration> | undefined;
}

/** Polynomial backoff: `factor * n ** exponent`, n from 1, never above `max`. Slower growth than {@link expo}. */
export const polynomial: (options?: PolynomialOptions) => Iterable<number> = /* @__PURE__ */ factory(
  "polynomial",
  (options: PolynomialOptions = {}): Iterable<number> => {
    checkKeys(options, ["exponent", "factor", "max"], "polynomial");
    const { exponent = 2, factor = "1s", max = Number.POSITIVE_INFINITY } = options;
    checkCap(factor, max, "factor");
    checkNumber(exponent, "exponent");
    return growing(factor, max, () => {
      const power = read(exponent);
      return (n) => (n + 1) ** power;
    });
  },
);
