import type { DecisionClass } from "./classify/decision.js";
import type { LlmEvent } from "./events.js";
import { costOf, type Prices } from "./prices.js";

/** Sums over everything that went through a layer. */
export interface LlmStats {
  readonly calls: number;
  readonly answered: number;
  readonly failed: number;
  /** Requests sent: every attempt of every call. */
  readonly requests: number;
  /** Failed requests, by what they meant. */
  readonly failures: Readonly<Partial<Record<DecisionClass, number>>>;
  /** Time between failures and the requests after them, by what the failures meant, in milliseconds. */
  readonly waitsMs: Readonly<Partial<Record<DecisionClass, number>>>;
  /** Time spent waiting for quota and pauses, in milliseconds. */
  readonly queuedMs: number;
  /** Answers with status 429. */
  readonly tooManyRequests: number;
  /** Streams that broke after their first content. */
  readonly interruptedStreams: number;
  /** Requests that failed here, or lost a race, and may have been billed there: each may be paid beside the one that was answered. */
  readonly maybeBilledTwice: number;
  /** Requests that were cut on their way. */
  readonly abandoned: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedTokens: number;
  /** What the answers cost, in the currency of `prices`; `undefined` without them. */
  readonly cost: number | undefined;
  /** Answers that told what they used, of a model that has no price: `cost` is too low by them. */
  readonly unpriced: number;
}

type Sums = { -readonly [name in keyof LlmStats]: LlmStats[name] };

/** Adds up events. */
export class LlmTally {
  readonly #prices: Prices | undefined;
  readonly #sums: Sums = {
    calls: 0,
    answered: 0,
    failed: 0,
    requests: 0,
    failures: {},
    waitsMs: {},
    queuedMs: 0,
    tooManyRequests: 0,
    interruptedStreams: 0,
    maybeBilledTwice: 0,
    abandoned: 0,
    inputTokens: 0,
    outputTokens: 0,
    cachedTokens: 0,
    cost: undefined,
    unpriced: 0,
  };

  constructor(prices: Prices | undefined) {
    this.#prices = prices;
    if (prices) this.#sums.cost = 0;
  }

  called(): number {
    return ++this.#sums.calls;
  }

  add(event: LlmEvent): void {
    const sums = this.#sums;
    switch (event.type) {
      case "request-sent":
        sums.requests++;
        sums.queuedMs += event.queuedMs;
        break;
      case "request-failed":
        this.#addFailure(event);
        break;
      case "retry-planned":
        sums.waitsMs = plus(sums.waitsMs, event.decision.class, event.delayMs);
        break;
      case "call-answered":
        sums.answered++;
        break;
      case "call-failed":
        sums.failed++;
        break;
      case "stream-interrupted":
        sums.interruptedStreams++;
        break;
      case "request-abandoned":
        sums.abandoned++;
        if (event.isLost) sums.maybeBilledTwice++;
        break;
      case "answer-settled":
        this.#addUsage(event);
        break;
    }
  }

  stats(): LlmStats {
    return { ...this.#sums };
  }

  #addUsage({ usage, model }: Extract<LlmEvent, { type: "answer-settled" }>): void {
    if (usage === undefined) return;
    const sums = this.#sums;
    sums.inputTokens += usage.inputTokens;
    sums.outputTokens += usage.outputTokens;
    sums.cachedTokens += usage.cachedTokens;
    if (this.#prices === undefined) return;
    const cost = costOf(this.#prices, model, usage);
    if (cost === undefined) sums.unpriced++;
    else sums.cost = (sums.cost ?? 0) + cost;
  }

  #addFailure({ decision, mayBeBilled }: Extract<LlmEvent, { type: "request-failed" }>): void {
    this.#sums.failures = plus(this.#sums.failures, decision.class, 1);
    if (decision.evidence.status === 429) this.#sums.tooManyRequests++;
    if (mayBeBilled) this.#sums.maybeBilledTwice++;
  }
}

function plus(
  sums: Readonly<Partial<Record<DecisionClass, number>>>,
  type: DecisionClass,
  amount: number,
): Readonly<Partial<Record<DecisionClass, number>>> {
  return { ...sums, [type]: (sums[type] ?? 0) + amount };
}
