import { type Attempt, CircuitOpenError } from "bide";
import { cancellationIn } from "bide/kit";
import { discard, withoutRest } from "./answer.js";
import { AttemptFailure } from "./attempt-failure.js";
import type { Dialect, Usage } from "./dialects/dialect.js";
import { StreamInterruptedError } from "./errors.js";
import type { About, LlmEvent } from "./events.js";
import { waitForCircuit } from "./host-breakers.js";
import type { Layer } from "./layer.js";
import type { Admission } from "./quota/admission.js";
import { AdmissionRequest } from "./quota/admission-request.js";
import type { Lane } from "./quota/lane.js";
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
  /** Tells whoever listens to the call or to all of them. */
  readonly tell: (event: LlmEvent) => void;
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
    for (let isAgain = attempt.number > 1; ; isAgain = true) {
      const admission = await this.#asked(attempt, isAgain);
      this.#checkStop(attempt, admission);
      try {
        return await this.#guarded(attempt, admission);
      } catch (error) {
        if (error instanceof CircuitOpenError) {
          admission?.unsent();
          await this.#waitForCircuit(error, attempt);
          continue;
        }
        if (!(error instanceof AttemptFailure) || !error.isFree) throw error;
        if (error.answer) discard(error.answer);
      }
    }
  }

  async #admit(attempt: Attempt, isAgain: boolean): Promise<Admission | undefined> {
    const admission = await this.#asked(attempt, isAgain);
    this.#checkStop(attempt, admission);
    return admission;
  }

  /** Asks for leave to send, and waits in line for it. */
  #asked(attempt: Attempt, isAgain: boolean): Promise<Admission> | undefined {
    const { facts, lane, layer } = this.#errand;
    return lane?.admit(facts.size, new AdmissionRequest(attempt, layer.config.priority, isAgain));
  }

  /** @throws what stopped the key meanwhile, or why the call was cut: its turn may have come in the same moment. */
  #checkStop(attempt: Attempt, admission: Admission | undefined): void {
    const { layer, about } = this.#errand;
    const cut = cancellationIn(attempt);
    const stop = layer.gates.stopOf(about.keyId);
    if (stop === undefined && cut?.aborted !== true) return;
    admission?.unsent();
    throw stop === undefined ? cut?.reason : stop.failure;
  }

  /** Leaves a host alone that is short of capacity. */
  #guarded(attempt: Attempt, admission: Admission | undefined): Promise<Response> {
    const { layer, facts } = this.#errand;
    const { breakers } = layer.config;
    const request = (): Promise<Response> => this.#raced(attempt, admission);
    return breakers ? breakers.run(facts.url.host, request) : request();
  }

  #waitForCircuit(refusal: CircuitOpenError, { signal, deadlineMs }: Attempt): Promise<void> {
    const { layer, startedMs } = this.#errand;
    const { maxTimeMs, random } = layer.config;
    const latestMs = Math.min(deadlineMs ?? Number.POSITIVE_INFINITY, startedMs + maxTimeMs);
    return waitForCircuit(refusal, { clock: layer.clock, random, signal, latestMs });
  }

  /** One request; where streams are hedged, another one beside it when its first content is late. */
  #raced(attempt: Attempt, admission: Admission | undefined): Promise<Response> {
    const { layer, facts, request } = this.#errand;
    const { hedge, buffered } = layer.config;
    if (hedge === undefined || buffered || !facts.stream || !request.isReplayable)
      return this.#once(attempt, admission);
    return hedge.run(async (each) => {
      const own = each.number === 1 ? admission : await this.#admit(each, false);
      return this.#once(each, own, attempt);
    }, attempt);
  }

  /**
   * Sends one request, and draws the consequences.
   *
   * @param outer The attempt that it is one of several requests of: when that goes on, another request was faster.
   */
  async #once(attempt: Attempt, admission: Admission | undefined, outer: Attempt = attempt): Promise<Response> {
    const { layer, lane, about, tell } = this.#errand;
    const sent: Sent = { request: ++this.#count, sentMs: layer.clock.nowMs() };
    const pauses = lane?.pauses;
    try {
      return await this.#send(attempt, admission, sent.request);
    } catch (error) {
      if (error instanceof AttemptFailure) {
        if (this.#isFree(error, pauses, attempt)) error.consumeNothing();
        if (error.usage) this.#settle(admission, error.usage);
        this.#learn(error, sent, admission?.failed(error));
      } else {
        admission?.lost();
        const isLost = isCut(attempt) && !isCut(outer);
        tell({ type: "request-abandoned", ...about, request: sent.request, isLost });
      }
      throw error;
    }
  }

  async #send(attempt: Attempt, admission: Admission | undefined, number: number): Promise<Response> {
    const { layer, request, about, tell, startedMs } = this.#errand;
    const { config } = layer;
    const { deadlineMs } = attempt;
    const requestId = this.#requestId();
    tell({
      type: "request-sent",
      ...about,
      request: number,
      queuedMs: admission?.waitedMs ?? 0,
      requestId: requestId?.value,
    });
    this.#sending++;
    try {
      const accepted = await send({
        fetch: config.fetch,
        cuttable: config.cuttable,
        isHostFetch: config.isHostFetch,
        request: requestId ? withHeader(request, requestId) : request,
        wire: this.#wire(admission),
        attempt,
        attemptTimeoutMs: config.attemptTimeoutMs,
        lasting: [request.signal, config.signal],
        deadline: deadlineMs === undefined ? undefined : { atMs: deadlineMs, inAllMs: deadlineMs - startedMs },
      });
      if (!accepted.isOpen) this.#settle(admission, accepted.usage);
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

  #wire(admission: Admission | undefined): Wire {
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
      onHeaders: (headers) => {
        layer.limits.note(about, dialect.name, headers);
        admission?.headers(headers);
      },
      onStreamEnd: (end) => this.#streamEnded(end, admission),
    };
  }

  #streamEnded({ usage, error }: StreamEnd, admission: Admission | undefined): void {
    this.#settle(admission, usage);
    if (!(error instanceof StreamInterruptedError)) return;
    const { reason, events } = error;
    const { about, tell } = this.#errand;
    tell({ type: "stream-interrupted", ...about, reason, events });
  }

  #settle(admission: Admission | undefined, usage: Usage | undefined): void {
    const { about, tell } = this.#errand;
    admission?.answered(usage);
    tell({ type: "answer-settled", ...about, usage });
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

  /** Draws the consequences for everybody else. @param pauseMs How long it holds back all who wait for the same limit. */
  #learn(failure: AttemptFailure, { request, sentMs }: Sent, pauseMs: number | undefined): void {
    const { layer, request: prepared, about, tell } = this.#errand;
    const { decision, mayBeBilled, answer, isFree } = failure;
    const nowMs = layer.clock.nowMs();
    if (!prepared.isReplayable) failure.forbidRetry();
    const elapsedMs = nowMs - sentMs;
    tell({ type: "request-failed", ...about, request, decision, elapsedMs, mayBeBilled, isFree });
    const { class: type, scope } = decision;
    if ((type === "quota" || type === "auth") && scope === "key" && answer) {
      const stop = { class: type, failure: new AttemptFailure(decision, { answer: withoutRest(answer) }) };
      if (layer.gates.stop(about.keyId, stop)) tell({ type: "key-stopped", ...about, decision });
    }
    if (pauseMs !== undefined) tell({ type: "bucket-paused", ...about, pauseMs, decision });
    if (layer.gates.stopOf(about.keyId)) failure.forbidRetry();
    failure.whenRetried((delayMs) => tell({ type: "retry-planned", ...about, decision, delayMs }));
  }
}

function isCut(attempt: Attempt): boolean {
  return cancellationIn(attempt)?.aborted === true;
}
