import type { Attempt, Reservation } from "bide";
import { discard, withoutRest } from "./answer.js";
import { AttemptFailure } from "./attempt-failure.js";
import type { Decision } from "./classify/decision.js";
import type { Dialect, Usage } from "./dialects/dialect.js";
import { StreamInterruptedError } from "./errors.js";
import type { About } from "./events.js";
import type { Lane } from "./lane.js";
import type { Layer } from "./layer.js";
import type { RequestFacts } from "./request/facts.js";
import { type Header, type PreparedRequest, withHeader } from "./request/prepared.js";
import { randomHex } from "./request/random-hex.js";
import { send } from "./send.js";
import type { StreamEnd, Wire } from "./wire.js";

/** What the requests of one call have in common. */
export interface Errand {
  readonly layer: Layer;
  readonly request: PreparedRequest;
  readonly facts: RequestFacts;
  readonly dialect: Dialect;
  /** Its queue and its buckets; none for what is no call of a model. */
  readonly lane: Lane | undefined;
  readonly about: About;
  readonly startedMs: number;
}

/** One request on its way. */
interface Sent {
  /** Counts the requests of the call, from 1. */
  readonly request: number;
  readonly sentMs: number;
}

/** The requests of one call: each waits for its turn, is sent, and tells all others what its failure means for them. */
export class Requests {
  readonly #errand: Errand;
  #count = 0;
  #sending = 0;

  constructor(errand: Errand) {
    this.#errand = errand;
  }

  /** Requests sent so far. */
  get count(): number {
    return this.#count;
  }

  /** One of them is on the wire. */
  get isSending(): boolean {
    return this.#sending > 0;
  }

  /** One attempt: usually one request; more where an answer to another request explains the failure of this one. */
  async attempt(attempt: Attempt): Promise<Response> {
    for (;;) {
      const reservation = await this.#admit(attempt);
      try {
        return await this.#raced(attempt, reservation);
      } catch (error) {
        if (!(error instanceof AttemptFailure) || !error.isFree) throw error;
        if (error.answer) discard(error.answer);
      }
    }
  }

  async #admit(attempt: Attempt): Promise<Reservation | undefined> {
    const { dialect, facts, lane, layer, about } = this.#errand;
    const { signal, deadlineMs } = attempt;
    const tokens = dialect.admission(facts.size);
    const reservation = await lane?.admit(tokens, { signal, deadlineMs });
    const stop = layer.gates.stopOf(about.keyId);
    if (stop === undefined) return reservation;
    reservation?.refund();
    throw stop.failure;
  }

  /** One request; where streams are hedged, another one beside it when its first content is late. */
  #raced(attempt: Attempt, reservation: Reservation | undefined): Promise<Response> {
    const { layer, facts, request } = this.#errand;
    const { hedge, buffered } = layer.config;
    if (hedge === undefined || buffered || !facts.stream || !request.isReplayable)
      return this.#once(attempt, reservation);
    return hedge.run(async (each) => {
      const own = each.number === 1 ? reservation : await this.#admit(each);
      return this.#once(each, own, attempt);
    }, attempt);
  }

  /**
   * Sends one request, and draws the consequences.
   *
   * @param outer The attempt that it is one of several requests of: when that goes on, another request was faster.
   */
  async #once(attempt: Attempt, reservation: Reservation | undefined, outer: Attempt = attempt): Promise<Response> {
    const { layer, lane, about } = this.#errand;
    const sent: Sent = { request: ++this.#count, sentMs: layer.clock.nowMs() };
    const pauses = lane?.pauses;
    try {
      return await this.#send(attempt, reservation, sent.request);
    } catch (error) {
      if (error instanceof AttemptFailure) {
        if (this.#isFree(error, pauses, attempt)) error.consumeNothing();
        this.#learn(error, sent);
        if (error.usage) this.#settle(reservation, error.usage);
        else reservation?.settle({ requests: 1, tokens: this.#tokensOfFailure(error.decision) });
      } else {
        reservation?.settle(reservation.cost);
        const isLost = attempt.signal.aborted && !outer.signal.aborted;
        layer.tell({ type: "request-abandoned", ...about, request: sent.request, isLost });
      }
      throw error;
    }
  }

  async #send(attempt: Attempt, reservation: Reservation | undefined, number: number): Promise<Response> {
    const { layer, request, about, startedMs } = this.#errand;
    const { config } = layer;
    const { deadlineMs } = attempt;
    const requestId = this.#requestId();
    layer.tell({
      type: "request-sent",
      ...about,
      request: number,
      queuedMs: reservation?.waitedMs ?? 0,
      requestId: requestId?.value,
    });
    this.#sending++;
    try {
      const accepted = await send({
        fetch: config.fetch,
        request: requestId ? withHeader(request, requestId) : request,
        wire: this.#wire(reservation),
        attempt,
        attemptTimeoutMs: config.attemptTimeoutMs,
        lasting: [request.signal, config.signal],
        deadline: deadlineMs === undefined ? undefined : { atMs: deadlineMs, inAllMs: deadlineMs - startedMs },
      });
      if (!accepted.isOpen) this.#settle(reservation, accepted.usage);
      return accepted.response;
    } finally {
      this.#sending--;
    }
  }

  /** A name for this one request, for the provider's log and the caller's, where the provider keeps one. */
  #requestId(): Header | undefined {
    const { dialect, request, layer } = this.#errand;
    const { requestIdHeader: name } = dialect;
    if (name === undefined || request.headers.has(name)) return undefined;
    return { name, value: `bide-${randomHex(layer.config.random)}` };
  }

  #wire(reservation: Reservation | undefined): Wire {
    const { layer, dialect, facts, about } = this.#errand;
    const { rules, timeouts, buffered, check } = layer.config;
    return {
      clock: layer.clock,
      dialect,
      rules,
      facts,
      timeouts,
      buffered,
      check,
      onHeaders: (headers) => layer.limits.note(about, dialect.name, headers),
      onStreamEnd: (end) => this.#streamEnded(end, reservation),
    };
  }

  #streamEnded({ usage, error }: StreamEnd, reservation: Reservation | undefined): void {
    this.#settle(reservation, usage);
    if (!(error instanceof StreamInterruptedError)) return;
    const { reason, events } = error;
    const { layer, about } = this.#errand;
    layer.tell({ type: "stream-interrupted", ...about, reason, events });
  }

  #settle(reservation: Reservation | undefined, usage: Usage | undefined): void {
    const { layer, dialect, about } = this.#errand;
    const tokens = usage && dialect.settlement?.(usage);
    reservation?.settle(tokens === undefined ? reservation.cost : { requests: 1, tokens });
    layer.tell({ type: "answer-settled", ...about, usage });
  }

  /** A refused request counts as a request, and its tokens do not; any other failure may have been charged in full. */
  #tokensOfFailure({ class: type }: Decision): number {
    const isRefused = type !== "transient" && type !== "overload";
    return isRefused ? 0 : this.#errand.dialect.admission(this.#errand.facts.size);
  }

  /**
   * Whether a limit's refusal consumes no attempt: another answer has paused the bucket since this request was sent, and
   * there is time to wait for the end of that pause.
   */
  #isFree({ decision, isRetryable }: AttemptFailure, pauses: number | undefined, attempt: Attempt): boolean {
    const { lane, layer } = this.#errand;
    if (lane === undefined || lane.pauses === pauses || decision.class !== "rate" || !isRetryable) return false;
    return this.#canWaitUntil(Math.max(lane.pausedUntilMs, layer.clock.nowMs() + (decision.waitMs ?? 0)), attempt);
  }

  #canWaitUntil(atMs: number, { deadlineMs = Number.POSITIVE_INFINITY }: Attempt): boolean {
    const { layer, startedMs } = this.#errand;
    return atMs < deadlineMs && atMs < startedMs + layer.config.maxTimeMs;
  }

  /** Draws the consequences for everybody else. */
  #learn(failure: AttemptFailure, { request, sentMs }: Sent): void {
    const { layer, request: prepared, about, lane } = this.#errand;
    const { decision, mayBeBilled, answer, isFree } = failure;
    const nowMs = layer.clock.nowMs();
    if (!prepared.isReplayable) failure.forbidRetry();
    const elapsedMs = nowMs - sentMs;
    layer.tell({ type: "request-failed", ...about, request, decision, elapsedMs, mayBeBilled, isFree });
    const { class: type, scope, waitMs } = decision;
    if ((type === "quota" || type === "auth") && scope === "key" && answer) {
      const stop = { class: type, failure: new AttemptFailure(decision, { answer: withoutRest(answer) }) };
      if (layer.gates.stop(about.keyId, stop)) layer.tell({ type: "key-stopped", ...about, decision });
    }
    if ((type === "rate" || type === "rate-long" || type === "ramp") && waitMs !== undefined && lane) {
      lane.pause(waitMs, nowMs, failure);
      layer.tell({ type: "bucket-paused", ...about, pauseMs: waitMs, decision });
    }
    if (layer.gates.stopOf(about.keyId)) failure.forbidRetry();
    failure.whenRetried((delayMs) => layer.tell({ type: "retry-planned", ...about, decision, delayMs }));
  }
}
