import { AdmissionDeadlineError, DeadlineError, type Outcome } from "bide";
import { cancellationOf, onAbort } from "bide/kit";
import { responseOf } from "./answer.js";
import { AttemptFailure } from "./attempt-failure.js";
import type { CallNotes } from "./bide.js";
import type { Decision } from "./classify/decision.js";
import { Cut } from "./cut.js";
import { dialectOfUrl } from "./dialects/detect.js";
import { RequestTimeoutError } from "./errors.js";
import type { CallFailed } from "./events.js";
import type { KeyStop } from "./key-gate.js";
import type { Layer } from "./layer.js";
import { factsOf } from "./request/facts.js";
import type { PreparedRequest } from "./request/prepared.js";
import { type Errand, Requests } from "./requests.js";

const NO_MORE = { "x-should-retry": "false" } as const;

/** One call, from the client's `fetch` to its answer: as many requests as it takes. */
export class Call {
  readonly #errand: Errand;
  readonly #requests: Requests;
  /** Ends the run: the caller left, or the key was stopped while it waited. */
  readonly #run = new Cut();
  #stop: KeyStop | undefined;

  /** @param known Which call of the layer it is, whom it tells, and the body's value, where the caller has it. */
  constructor(
    layer: Layer,
    request: PreparedRequest,
    known: { readonly number: number } & Pick<Errand, "tell"> & Pick<CallNotes, "json">,
  ) {
    const { config } = layer;
    const facts = factsOf(request, config.quota.countTokens, known.json);
    const { keyId, model } = facts;
    const dialect = config.dialect ?? dialectOfUrl(facts.url);
    this.#errand = {
      layer,
      request,
      facts,
      dialect,
      lane: model === undefined ? undefined : config.quota.laneOf({ keyId, model, dialect }, config.clock),
      about: { keyId, model, call: known.number },
      tell: known.tell,
      startedMs: layer.clock.nowMs(),
    };
    this.#requests = new Requests(this.#errand);
  }

  /** The client above it retries as well. */
  tellStacked(): void {
    this.#errand.tell({ type: "retries-stacked", ...this.#errand.about });
  }

  async run(): Promise<Response> {
    const { layer, request, about } = this.#errand;
    const { gates, config } = layer;
    const { signal } = request;
    this.#stop = gates.stopOf(about.keyId);
    if (this.#stop) return this.#stopped(this.#stop);
    const caller = signal && cancellationOf(signal);
    const leave = (): void => this.#run.abort(caller?.reason);
    if (caller?.aborted) leave();
    const release = onAbort(caller, leave);
    const forget = gates.onStop(about.keyId, (stop) => this.#onStop(stop));
    try {
      const outcome = await config.policy.outcome((attempt) => this.#requests.attempt(attempt), this.#run);
      return outcome.ok ? this.#answered(outcome.value) : this.#givenUp(outcome);
    } finally {
      release();
      forget();
    }
  }

  #onStop(stop: KeyStop): void {
    this.#stop = stop;
    // What is on the wire may still succeed; what waits would be sent after the key was stopped.
    if (!this.#requests.isSending) this.#run.abort(stop.failure);
  }

  #stopped({ failure }: KeyStop): Response {
    this.#failed("key-stopped", failure.decision);
    return responseTo(failure);
  }

  #answered(response: Response): Response {
    const { about, tell } = this.#errand;
    const isStream = response.headers.get("content-type")?.includes("text/event-stream") === true;
    const elapsedMs = this.#elapsedMs();
    tell({ type: "call-answered", ...about, requests: this.#requests.count, elapsedMs, isStream });
    return response;
  }

  /** The provider's last word, or the error that stood in its place; the client makes its own of it. */
  #givenUp({ error, reason, failure, retryAfterMs }: Extract<Outcome<Response>, { ok: false }>): Response {
    if (this.#stop && error === this.#stop.failure) return this.#stopped(this.#stop);
    const last = error instanceof AttemptFailure ? error : failure?.error;
    this.#failed(reason, last instanceof AttemptFailure ? last.decision : undefined, retryAfterMs);
    if (error instanceof AttemptFailure) return responseTo(error);
    const refusal = this.#errand.lane?.refusal;
    if (error instanceof AdmissionDeadlineError && error.binds === "pause" && refusal) {
      const seconds = Math.ceil(error.retryAfterMs / 1000);
      return responseOf(refusal, { ...NO_MORE, "retry-after": String(seconds) });
    }
    throw error instanceof DeadlineError ? new RequestTimeoutError("deadline", error.elapsedMs) : error;
  }

  #failed(reason: CallFailed["reason"], decision: Decision | undefined, retryAfterMs?: number): void {
    const { about, tell } = this.#errand;
    tell({
      type: "call-failed",
      ...about,
      requests: this.#requests.count,
      elapsedMs: this.#elapsedMs(),
      reason,
      decision,
      retryAfterMs,
    });
  }

  #elapsedMs(): number {
    return this.#errand.layer.clock.nowMs() - this.#errand.startedMs;
  }
}

function responseTo({ answer, original }: AttemptFailure): Response {
  if (answer === undefined) throw original;
  return responseOf(answer, NO_MORE);
}
