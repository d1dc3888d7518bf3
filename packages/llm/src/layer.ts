import type { Clock } from "bide";
import { defaultClock } from "bide/kit";
import type { Bide, CallNotes } from "./bide.js";
import { Call } from "./call.js";
import { type LlmEvent, LlmEvents, type LlmListener, tellSafely } from "./events.js";
import { KeyGates } from "./key-gate.js";
import { LimitBoard } from "./limit-board.js";
import type { LlmConfig } from "./options.js";
import { prepare } from "./request/prepared.js";
import { LlmTally } from "./stats.js";

/** What all calls of one `llmFetch` share. */
export class Layer {
  readonly config: LlmConfig;
  readonly gates: KeyGates = new KeyGates();
  readonly events: LlmEvents = new LlmEvents();
  readonly limits: LimitBoard;
  readonly #tally: LlmTally;
  #hasWarned = false;

  constructor(config: LlmConfig) {
    this.config = config;
    this.limits = new LimitBoard(() => this.clock);
    this.#tally = new LlmTally(config.prices);
    config.quota.on((event) => this.tell(event));
  }

  get clock(): Clock {
    return this.config.clock ?? defaultClock();
  }

  async fetch(input: RequestInfo | URL, init?: RequestInit, { onEvent, json }: CallNotes = {}): Promise<Response> {
    const prepared = prepare(input, init);
    const request = prepared instanceof Promise ? await prepared : prepared;
    const number = this.#tally.called();
    // What is told when the call is over is no longer its own.
    let own = onEvent;
    const tell = (event: LlmEvent): void => this.tell(event, own);
    try {
      const call = new Call(this, request, { number, json, tell });
      if (Number(request.headers.get("x-stainless-retry-count") ?? 0) > 0) this.#warnOfStacking(call);
      return await call.run();
    } finally {
      own = undefined;
    }
  }

  /** @param own Who hears what this one call tells. */
  tell(event: LlmEvent, own?: LlmListener): void {
    this.#tally.add(event);
    tellSafely(own, event);
    this.events.emit(event);
  }

  get bide(): Bide {
    return {
      fetch: (input, init, notes) => this.fetch(input, init, notes),
      stats: () => this.#tally.stats(),
      limits: () => this.limits.told(),
      quota: this.config.quota,
      on: (listener) => this.events.on(listener),
      stoppedKeys: () => this.#stoppedKeys(),
      resume: (keyId) => {
        for (const id of this.gates.resume(keyId)) this.tell({ type: "key-resumed", keyId: id });
      },
    };
  }

  #stoppedKeys(): ReturnType<Bide["stoppedKeys"]> {
    const stops = [...this.gates.stopped].map(([keyId, { class: type, failure }]) => {
      return [keyId, { class: type, reason: failure.decision.reason }] as const;
    });
    return new Map(stops);
  }

  /** Two layers that retry multiply: three times five requests for one call. */
  #warnOfStacking(call: Call): void {
    call.tellStacked();
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.config.warn("bide: the client above retries as well, so requests multiply; give it maxRetries: 0");
  }
}
