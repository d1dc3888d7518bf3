import { type Duration, toMs } from "../duration.js";
import { checkKeys } from "../options.js";
import { factory, type Live, read } from "../schedule.js";
import { checkNumber, endless } from "./growth.js";

/** Options of {@link decay}. */
export interface DecayOptions {
  /** The first wait. @default "1s" */
  readonly initial?: Live<Duration> | undefined;
  /** How fast the waits shrink: each is `e ** decay` times shorter than the one before; >= 0. @default 1 */
  readonly decay?: Live<number> | undefined;
  /** No wait is shorter. @default 0 */
  readonly min?: Live<Duration> | undefined;
}

/** Waits that shrink: `initial * e ** (-n * decay)`, n from 0, never below `min`. For what is slow to begin and then quick. */
export const decay: (options?: DecayOptions) => Iterable<number> = /* @__PURE__ */ factory(
  "decay",
  (options: DecayOptions = {}): Iterable<number> => {
    checkKeys(options, ["initial", "decay", "min"], "decay");
    const { initial = "1s", decay: rate = 1, min = 0 } = options;
    if (typeof initial !== "function") toMs(initial, "initial");
    if (typeof min !== "function") toMs(min, "min");
    checkNumber(rate, "decay");
    return endless(() => {
      const leastMs = toMs(read(min), "min");
      const initialMs = toMs(read(initial), "initial");
      const speed = read(rate);
      return (n) => Math.max(leastMs, initialMs * Math.E ** (-n * speed));
    });
  },
);
