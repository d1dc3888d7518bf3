import { objectOf, positive, positiveOrZero, unexpected } from "./checks.js";
import { parseTime } from "./duration.js";
import { mixSeed, seededRandom } from "./hash.js";

/** How long answers take. */
export interface Latency {
  /** Median time to the first token. */
  readonly firstTokenMs: number;
  /** Spread of the time to the first token: sigma of its logarithm, 0 for none. @default 0.4 */
  readonly sigma?: number;
  /** Mean time per further token. @default 19, as the Azure OpenAI simulator measured */
  readonly perTokenMs?: number;
  /** Standard deviation of the time per token between requests. @default a third of `perTokenMs` */
  readonly perTokenSpreadMs?: number;
  /** Slow-down under load: with `inFlight` requests under way everything takes `factor` times as long, linearly in between. */
  readonly slowdown?: { readonly inFlight: number; readonly factor: number };
}

/** When a request's tokens come, counted from its admission. */
export interface Timing {
  readonly firstTokenMs: number;
  readonly perTokenMs: number;
}

/** Answers at once. */
export const NO_LATENCY: Latency = { firstTokenMs: 0, sigma: 0, perTokenMs: 0, perTokenSpreadMs: 0 };

/** A plausible chat model: half a second to the first token, 19 ± 6 ms for each further one. */
export const REALISTIC_LATENCY: Latency = {
  firstTokenMs: 500,
  sigma: 0.4,
  perTokenMs: 19,
  perTokenSpreadMs: 6,
};

/** The times of one request, by its hash and attempt; the same at every run, but for the slow-down. */
export function timingOf(latency: Latency, hash: string, attempt: number, seed: number, inFlight: number): Timing {
  if (latency.firstTokenMs === 0 && latency.perTokenMs === 0) return { firstTokenMs: 0, perTokenMs: 0 };
  const random = seededRandom(mixSeed(hash, attempt, seed, 0x1a7));
  const mean = latency.perTokenMs ?? 19;
  const spread = latency.perTokenSpreadMs ?? mean / 3;
  const slower = slowdownOf(latency, inFlight);
  return {
    firstTokenMs: latency.firstTokenMs * Math.exp((latency.sigma ?? 0.4) * normal(random)) * slower,
    perTokenMs: Math.max(mean / 10, mean + spread * normal(random)) * slower,
  };
}

/** Reads `none`, `realistic`, `500ms` (first token, nothing per token), `500ms/19ms` (and per token), or checks an object. */
export function parseLatency(value: unknown): Latency {
  if (value === "none") return NO_LATENCY;
  if (value === "realistic") return REALISTIC_LATENCY;
  if (typeof value !== "string") return latencyOf(value);
  const [first, perToken, ...rest] = value.split("/");
  if (rest.length > 0) throw unexpected("latency", '"first/per token"', value);
  const firstTokenMs = parseTime(first, "latency");
  if (perToken === undefined) return { ...NO_LATENCY, firstTokenMs };
  return { firstTokenMs, perTokenMs: parseTime(perToken, "latency") };
}

const TIMES = ["sigma", "perTokenMs", "perTokenSpreadMs"] as const;

function latencyOf(value: unknown): Latency {
  const given = objectOf(value, "latency", ["firstTokenMs", ...TIMES, "slowdown"]);
  const latency: { -readonly [field in keyof Latency]: Latency[field] } = {
    firstTokenMs: positiveOrZero(given["firstTokenMs"], "latency.firstTokenMs"),
  };
  for (const field of TIMES) {
    if (given[field] !== undefined) latency[field] = positiveOrZero(given[field], `latency.${field}`);
  }
  if (given["slowdown"] !== undefined) latency.slowdown = slowdownIn(given["slowdown"]);
  return latency;
}

function slowdownIn(value: unknown): NonNullable<Latency["slowdown"]> {
  const { inFlight, factor } = objectOf(value, "latency.slowdown", ["inFlight", "factor"]);
  return {
    inFlight: positive(inFlight, "latency.slowdown.inFlight"),
    factor: positive(factor, "latency.slowdown.factor"),
  };
}

function slowdownOf(latency: Latency, inFlight: number): number {
  if (latency.slowdown === undefined) return 1;
  return 1 + (latency.slowdown.factor - 1) * (inFlight / latency.slowdown.inFlight);
}

/** Box and Muller's transform of two uniform numbers into a normal one. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
