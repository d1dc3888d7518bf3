import { setFlagsFromString } from "node:v8";

/** How much the old generation may grow, in percent of what was alive, before it is collected: V8 lets it grow to fourfold. */
const GROWING_PERCENT = 50;

/**
 * Lets memory depend on what is alive and not on how long a run takes: little is, and the rest would pile up beside it. More
 * collections are the price: of so small a heap, one takes some milliseconds every few seconds.
 */
export function keepHeapSmall(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWING_PERCENT}`);
}
