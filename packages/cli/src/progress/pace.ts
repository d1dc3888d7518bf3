import { type LaneState, timeToAdmitMs } from "@bide/llm";

/** What the endpoints let in, what keeps a run from being faster, and how long it takes. */
export interface Pace {
  /** Per minute, over all keys and models; absent where it is not known. */
  readonly requestsLimit?: number | undefined;
  readonly tokensLimit?: number | undefined;
  /** `requests`, `tokens`, `concurrency`, `pause`; absent where answers are awaited and nothing else. */
  readonly binds?: string | undefined;
  /** The time to the end; absent while it cannot be told. */
  readonly leftMs?: number | undefined;
}

/** How far a run is. */
export interface Reached {
  /** Items that are not done. */
  readonly left: number;
  /** Items per minute of late, or since the start. */
  readonly donePerMinute: number;
}

/** The limits explain the time to the end where they make up this share of it; else it is answers that take so long. */
const EXPLAINS = 0.7;

/**
 * Reckons the time to the end by the buckets: what they hold, what flows in, and what requests cost. Where they let in more
 * than is done, by how fast it went of late.
 */
export function paceOf(lanes: readonly LaneState[], { left, donePerMinute }: Reached): Pace {
  const limits = { requestsLimit: sumOf(lanes, "requests"), tokensLimit: sumOf(lanes, "tokens") };
  if (left === 0) return { ...limits, leftMs: 0 };
  const { ms: limitMs, binds } = slowest(lanes, left);
  const byPaceMs = donePerMinute > 0 ? (left / donePerMinute) * 60_000 : undefined;
  // Nothing is done and nothing holds anybody back: no time at all would be a promise.
  if (byPaceMs === undefined && (binds === undefined || limitMs === 0)) return limits;
  if (byPaceMs !== undefined && limitMs < byPaceMs * EXPLAINS) return { ...limits, leftMs: byPaceMs };
  return { ...limits, binds, leftMs: limitMs };
}

/** The lane that is done last, with its share of what nobody has taken up yet. */
function slowest(
  lanes: readonly LaneState[],
  left: number,
): { readonly ms: number; readonly binds?: string | undefined } {
  const loads = lanes.map(({ queueLength, inFlight }) => queueLength + inFlight);
  const load = loads.reduce((sum, one) => sum + one, 0);
  const notTaken = Math.max(0, left - load);
  let last: { ms: number; binds?: string | undefined } = { ms: 0 };
  for (const [index, lane] of lanes.entries()) {
    const share = load === 0 ? 1 / lanes.length : (loads[index] ?? 0) / load;
    const ms = timeToAdmitMs(lane, notTaken * share) + (lane.meanLatencyMs ?? 0);
    if (ms >= last.ms) last = { ms, binds: lane.binds };
  }
  return last;
}

/** What is let in per minute over all lanes; `undefined` where one of them lets in who knows how much. */
function sumOf(lanes: readonly LaneState[], currency: string): number | undefined {
  if (lanes.length === 0) return undefined;
  let sum = 0;
  for (const { currencies } of lanes) {
    const bucket = currencies[currency];
    if (bucket === undefined || bucket.source === "searched" || !Number.isFinite(bucket.limit)) return undefined;
    sum += (bucket.limit / bucket.perMs) * 60_000;
  }
  return sum;
}
