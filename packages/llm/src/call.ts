import { AdmissionDeadlineError, type Attempt, type Clock, DeadlineError, type Outcome, type Reservation } from "bide";
import { discard, responseOf, withoutRest } from "./answer.js";
import { AttemptFailure } from "./attempt-failure.js";
import type { Decision } from "./classify/decision.js";
import { dialectOfUrl } from "./dialects/detect.js";
import type { Dialect, Usage } from "./dialects/dialect.js";
import { RequestTimeoutError, StreamInterruptedError } from "./errors.js";
import type { About, CallFailed, LlmEvent } from "./events.js";
import type { KeyStop } from "./key-gate.js";
import type { Lane } from "./lane.js";
import type { Layer } from "./layer.js";
import { factsOf, type RequestFacts } from "./request/facts.js";
import type { PreparedRequest } from "./request/prepared.js";
import { send } from "./send.js";
import type { StreamEnd, Wire } from "./wire.js";

const NO_MORE = { "x-should-retry": "false" } as const;

/** One call, from the client's `fetch` to its answer: as many requests as it takes. */
export class Call {
  readonly #layer: Layer;
  readonly #request: PreparedRequest;
  readonly #facts: RequestFacts;
  readonly #dialect: Dialect;
  readonly #lane: Lane | undefined;
  readonly #clock: Clock;
  /** Whom its events are about. */
  readonly about: About;
  readonly #startedMs: number;
  /** Ends the run: the caller left, or the key was stopped while it waited. */
  readonly #run = new AbortController();
  #requests = 0;
  #isSending = false;
  #stop: KeyStop | undefined;

  constructor(layer: Layer, request: PreparedRequest, call: number) {
    const { config } = layer;
    this.#layer = layer;
    this.#request = request;
    this.#facts = factsOf(request);
    this.#dialect = config.dialect ?? dialectOfUrl(this.#facts.url);
    this.#clock = layer.clock;
    this.#startedMs = this.#clock.nowMs();
    const { keyId, model } = this.#facts;
    this.#lane = model === undefined ? undefined : config.quota.laneOf(keyId, model, config.clock);
    this.about = { keyId, model, call };
  }

  async run(): Promise<Response> {
    const { gates, config } = this.#layer;
    const { signal } = this.#request;
    this.#stop = gates.stopOf(this.about.keyId);
    if (this.#stop) return this.#stopped(this.#stop);
    const leave = (): void => this.#run.abort(signal?.reason);
    if (signal?.aborted) leave();
    signal?.addEventListener("abort", leave, { once: true });
    const forget = gates.onStop(this.about.keyId, (stop) => this.#onStop(stop));
    try {
      const outcome = await config.policy.outcome((attempt) => this.#attempt(attempt), { signal: this.#run.signal });
      return outcome.ok ? this.#answered(outcome.value) : this.#givenUp(outcome);
    } finally {
      signal?.removeEventListener("abort", leave);
      forget();
    }
  }

  /** One attempt: usually one request; more where an answer to another request explains the failure of this one. */
  async #attempt(attempt: Attempt): Promise<Response> {
    for (;;) {
      const reservation = await this.#admit(attempt);
      const sentMs = this.#clock.nowMs();
      const pauses = this.#lane?.pauses;
      try {
        return await this.#send(attempt, reservation);
      } catch (error) {
        if (!(error instanceof AttemptFailure)) {
          reservation?.settle(reservation.cost);
          throw error;
        }
        const isFree = this.#isFree(error, pauses, attempt);
        this.#learn(error, sentMs, isFree);
        reservation?.settle({ requests: 1, tokens: this.#tokensOfFailure(error.decision) });
        if (!isFree) throw error;
        if (error.answer) discard(error.answer);
      }
    }
  }

  async #admit(attempt: Attempt): Promise<Reservation | undefined> {
    const { signal, deadlineMs } = attempt;
    const tokens = this.#dialect.admission(this.#facts.size);
    return this.#lane?.admit(tokens, { signal, deadlineMs });
  }

  async #send(attempt: Attempt, reservation: Reservation | undefined): Promise<Response> {
    const { config } = this.#layer;
    const { deadlineMs } = attempt;
    this.#requests++;
    this.#tell({ type: "request-sent", ...this.about, request: this.#requests, queuedMs: reservation?.waitedMs ?? 0 });
    this.#isSending = true;
    try {
      const accepted = await send({
        fetch: config.fetch,
        request: this.#request,
        wire: this.#wire(reservation),
        attempt,
        attemptTimeoutMs: config.attemptTimeoutMs,
        lasting: [this.#request.signal, config.signal],
        deadline: deadlineMs === undefined ? undefined : { atMs: deadlineMs, inAllMs: deadlineMs - this.#startedMs },
      });
      if (!accepted.isOpen) this.#settle(reservation, accepted.usage);
      return accepted.response;
    } finally {
      this.#isSending = false;
    }
  }

  #wire(reservation: Reservation | undefined): Wire {
    const { rules, timeouts, buffered } = this.#layer.config;
    return {
      clock: this.#clock,
      dialect: this.#dialect,
      rules,
      facts: this.#facts,
      timeouts,
      buffered,
      onStreamEnd: (end) => this.#streamEnded(end, reservation),
    };
  }

  #streamEnded({ usage, error }: StreamEnd, reservation: Reservation | undefined): void {
    this.#settle(reservation, usage);
    if (!(error instanceof StreamInterruptedError)) return;
    const { reason, events } = error;
    this.#tell({ type: "stream-interrupted", ...this.about, reason, events });
  }

  #settle(reservation: Reservation | undefined, usage: Usage | undefined): void {
    const tokens = usage && this.#dialect.settlement?.(usage);
    reservation?.settle(tokens === undefined ? reservation.cost : { requests: 1, tokens });
    this.#tell({ type: "answer-settled", ...this.about, usage });
  }

  /** A refused request counts as a request, and its tokens do not; any other failure may have been charged in full. */
  #tokensOfFailure({ class: type }: Decision): number {
    const isRefused = type !== "transient" && type !== "overload";
    return isRefused ? 0 : this.#dialect.admission(this.#facts.size);
  }

  /**
   * Whether a limit's refusal consumes no attempt: another answer has paused the bucket since this request was sent, and
   * there is time to wait for the end of that pause.
   */
  #isFree({ decision, isRetryable }: AttemptFailure, pauses: number | undefined, attempt: Attempt): boolean {
    const lane = this.#lane;
    if (lane === undefined || lane.pauses === pauses || decision.class !== "rate" || !isRetryable) return false;
    return this.#canWaitUntil(Math.max(lane.pausedUntilMs, this.#clock.nowMs() + (decision.waitMs ?? 0)), attempt);
  }

  #canWaitUntil(atMs: number, { deadlineMs = Number.POSITIVE_INFINITY }: Attempt): boolean {
    return atMs < deadlineMs && atMs < this.#startedMs + this.#layer.config.maxTimeMs;
  }

  /** Draws the consequences for everybody else. */
  #learn(failure: AttemptFailure, sentMs: number, isFree: boolean): void {
    const { decision, mayBeBilled, answer } = failure;
    const nowMs = this.#clock.nowMs();
    if (!this.#request.isReplayable) failure.forbidRetry();
    const elapsedMs = nowMs - sentMs;
    const request = this.#requests;
    this.#tell({ type: "request-failed", ...this.about, request, decision, elapsedMs, mayBeBilled, isFree });
    const { class: type, scope, waitMs } = decision;
    if ((type === "quota" || type === "auth") && scope === "key" && answer) {
      const stop = { class: type, failure: new AttemptFailure(decision, { answer: withoutRest(answer) }) };
      if (this.#layer.gates.stop(this.about.keyId, stop)) this.#tell({ type: "key-stopped", ...this.about, decision });
    }
    if ((type === "rate" || type === "rate-long" || type === "ramp") && waitMs !== undefined && this.#lane) {
      this.#lane.pause(waitMs, nowMs, failure);
      this.#tell({ type: "bucket-paused", ...this.about, pauseMs: waitMs, decision });
    }
    if (this.#layer.gates.stopOf(this.about.keyId)) failure.forbidRetry();
    failure.whenRetried((delayMs) => this.#tell({ type: "retry-planned", ...this.about, decision, delayMs }));
  }

  #onStop(stop: KeyStop): void {
    // What is on the wire may still succeed; what waits would be sent after the key was stopped.
    if (this.#isSending) return;
    this.#stop = stop;
    this.#run.abort(stop.failure);
  }

  #stopped({ failure }: KeyStop): Response {
    this.#failed("key-stopped", failure.decision);
    return this.#responseTo(failure);
  }

  #answered(response: Response): Response {
    const elapsedMs = this.#clock.nowMs() - this.#startedMs;
    const isStream = response.headers.get("content-type")?.includes("text/event-stream") === true;
    this.#tell({ type: "call-answered", ...this.about, requests: this.#requests, elapsedMs, isStream });
    return response;
  }

  /** The provider's last word, or the error that stood in its place; the client makes its own of it. */
  #givenUp({ error, reason, failure, retryAfterMs }: Extract<Outcome<Response>, { ok: false }>): Response {
    if (this.#stop && error === this.#stop.failure) return this.#stopped(this.#stop);
    const last = error instanceof AttemptFailure ? error : failure?.error;
    this.#failed(reason, last instanceof AttemptFailure ? last.decision : undefined, retryAfterMs);
    if (error instanceof AttemptFailure) return this.#responseTo(error);
    const refusal = this.#lane?.refusal;
    if (error instanceof AdmissionDeadlineError && error.binds === "pause" && refusal) {
      const seconds = Math.ceil(error.retryAfterMs / 1000);
      return responseOf(refusal, { ...NO_MORE, "retry-after": String(seconds) });
    }
    throw error instanceof DeadlineError ? new RequestTimeoutError("deadline", error.elapsedMs) : error;
  }

  #responseTo({ answer, original }: AttemptFailure): Response {
    if (answer === undefined) throw original;
    return responseOf(answer, NO_MORE);
  }

  #failed(reason: CallFailed["reason"], decision: Decision | undefined, retryAfterMs?: number): void {
    const elapsedMs = this.#clock.nowMs() - this.#startedMs;
    this.#tell({
      type: "call-failed",
      ...this.about,
      requests: this.#requests,
      elapsedMs,
      reason,
      decision,
      retryAfterMs,
    });
  }

  #tell(event: LlmEvent): void {
    this.#layer.tell(event);
  }
}
