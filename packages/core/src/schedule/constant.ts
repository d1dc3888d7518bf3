import { type Duration, toMs } from "../duration.js";
import { optionError } from "../errors.js";
import { checkSchedule, factory, type Live, read } from "../schedule.js";
import { endless } from "./growth.js";

/**
 * The same wait for ever, or each wait of a list once, in order, and then no more.
 *
 * @param interval @default "1s"
 */
export const constant: (interval?: Live<Duration> | Iterable<Duration>) => Iterable<number> = /* @__PURE__ */ factory(
  "constant",
  (interval: Live<Duration> | Iterable<Duration> = "1s"): Iterable<number> => {
    if (Array.isArray(interval)) return listed(interval);
    if (typeof interval === "object") return streamed(interval);
    if (typeof interval !== "function") toMs(interval, "interval");
    return endless(() => {
      const waitMs = toMs(read(interval), "interval");
      return () => waitMs;
    });
  },
);

function listed(waits: readonly Duration[]): Iterable<number> {
  if (waits.length === 0) throw optionError("interval", "at least one wait", waits);
  return waits.map((wait) => toMs(wait, "interval"));
}

/** Read as it is used: it may have no end. */
function streamed(waits: Iterable<Duration>): Iterable<number> {
  checkSchedule(waits as Iterable<number>);
  return {
    *[Symbol.iterator]() {
      for (const wait of waits) yield toMs(wait, "interval");
    },
  };
}
