import { type LaneState, type PriceList, priceOf, requestSizeOf, timeToAdmitMs } from "@bide/llm";
import type { BatchRequest } from "../formats/batch-request.js";
import { modelOf, mostOutputTokens } from "../formats/request-facts.js";
import { type Endpoint, toldLimits } from "./endpoint.js";

/** What requests will take, as far as it can be told before they are sent. */
export interface BatchEstimate {
  readonly total: number;
  /** Those that have no result yet. */
  readonly open: number;
  /** The tokens of their prompts, by the classes of their characters: about 10 % off in prose. */
  readonly inputTokens: number;
  /** The tokens of their answers at the most, by the bounds that they set. */
  readonly outputTokens: number;
  /** Requests that set no bound to their answer: their output is in no sum. */
  readonly unbounded: number;
  /** The most that they cost, in `currency`. */
  readonly cost: number;
  readonly currency: string;
  /** The day of the prices. */
  readonly pricesOf: string;
  /** Requests whose model has no price: they are in no sum of money. */
  readonly unpriced: number;
  /** How many there are of each model. */
  readonly models: ReadonlyMap<string, number>;
  /** The least time that the quota allows, in milliseconds; absent where no limit was told. */
  readonly timeMs?: number | undefined;
  /** What takes that time. */
  readonly binds?: "requests" | "tokens" | undefined;
}

interface ModelSums {
  requests: number;
  tokens: number;
}

/** Adds up what requests will take. */
export class Estimator {
  readonly #prices: PriceList;
  readonly #models = new Map<string, ModelSums>();
  #open = 0;
  #inputTokens = 0;
  #outputTokens = 0;
  #unbounded = 0;
  #cost = 0;
  #unpriced = 0;

  constructor(prices: PriceList) {
    this.#prices = prices;
  }

  add(request: BatchRequest): void {
    const model = modelOf(request) ?? "";
    const { tokens: inputTokens } = requestSizeOf(request.body);
    const outputTokens = mostOutputTokens(request);
    const price = priceOf(this.#prices.models, model);
    const sums = this.#models.get(model) ?? { requests: 0, tokens: 0 };
    sums.requests++;
    sums.tokens += inputTokens + (outputTokens ?? 0);
    this.#models.set(model, sums);
    this.#open++;
    this.#inputTokens += inputTokens;
    this.#outputTokens += outputTokens ?? 0;
    if (outputTokens === undefined) this.#unbounded++;
    if (price === undefined) this.#unpriced++;
    else this.#cost += (inputTokens * price.input + (outputTokens ?? 0) * price.output) / 1e6;
  }

  /** @param total Requests with those that are done. */
  estimate(total: number, endpoints: readonly Endpoint[]): BatchEstimate {
    return {
      ...{ total, open: this.#open, inputTokens: this.#inputTokens, outputTokens: this.#outputTokens },
      ...{ unbounded: this.#unbounded, cost: this.#cost, unpriced: this.#unpriced },
      ...{ currency: this.#prices.currency, pricesOf: this.#prices.date },
      models: new Map([...this.#models].map(([model, { requests }]) => [model, requests])),
      ...this.#time(endpoints),
    };
  }

  /** Each model has buckets of its own for each key, full at the start; the slowest model is the last to end. */
  #time(endpoints: readonly Endpoint[]): Pick<BatchEstimate, "timeMs" | "binds"> {
    if (endpoints.length === 0) return {};
    const limits = endpoints.map(toldLimits);
    const rpm = sumOf(limits.map(({ rpm: limit }) => limit));
    const tpm = sumOf(limits.map(({ tpm: limit }) => limit));
    const burst = sumOf(limits.map(({ burst: count }) => (typeof count === "number" ? count : 0)));
    if (rpm === undefined && tpm === undefined) return {};
    const bounds = [...this.#models.values()].flatMap(({ requests, tokens }) => [
      { binds: "requests" as const, timeMs: rpm === undefined ? 0 : ((requests - (burst ?? 0)) / rpm) * 60_000 },
      { binds: "tokens" as const, timeMs: tpm === undefined ? 0 : ((tokens - tpm) / tpm) * 60_000 },
    ]);
    const longest = bounds.reduce((one, other) => (other.timeMs > one.timeMs ? other : one));
    return longest.timeMs > 0 ? longest : { timeMs: 0 };
  }
}

/** One limit that is not told makes the sum unknown: that endpoint may take anything. */
function sumOf(limits: readonly (number | undefined)[]): number | undefined {
  return limits.reduce<number | undefined>(
    (sum, limit) => (sum === undefined || limit === undefined ? undefined : sum + limit),
    0,
  );
}

/** What the rest of a batch will take, by what a part of it took. */
export interface RestEstimate {
  readonly timeMs: number;
  readonly cost: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** What a part of a batch took. */
export interface PartDone {
  readonly done: number;
  readonly cost: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly concurrency: number;
  readonly lanes: readonly LaneState[];
}

/** Scales a part up to the rest; time by the quota and by how long answers took. `undefined` where nothing was done. */
export function estimateRest(part: PartDone, open: number): RestEstimate | undefined {
  const { done, cost, inputTokens, outputTokens, concurrency, lanes } = part;
  if (done === 0) return undefined;
  const scale = open / done;
  const share = open / Math.max(1, lanes.length);
  const latencyMs = Math.max(0, ...lanes.map(({ meanLatencyMs = 0 }) => meanLatencyMs));
  const quotaMs = Math.max(0, ...lanes.map((lane) => timeToAdmitMs(lane, share)));
  return {
    timeMs: Math.max(quotaMs, (latencyMs * open) / concurrency) + latencyMs,
    ...{ cost: cost * scale, inputTokens: inputTokens * scale, outputTokens: outputTokens * scale },
  };
}
