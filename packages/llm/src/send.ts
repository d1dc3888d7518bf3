import { type Attempt, isTransient } from "bide";
import { cancellationIn, cancellationOf } from "bide/kit";
import { readAnswer, textOfAnswer } from "./answer.js";
import { AttemptFailure } from "./attempt-failure.js";
import { boundedRest } from "./bounded-rest.js";
import { classify } from "./classify/classify.js";
import type { Decision } from "./classify/decision.js";
import { readErrorBody } from "./classify/error-body.js";
import { unboundedDispatch } from "./connection.js";
import type { CuttableFetch } from "./cuttable-fetch.js";
import type { Usage } from "./dialects/dialect.js";
import { RequestTimeoutError } from "./errors.js";
import { Exchange } from "./exchange.js";
import { isUnreached } from "./network-error.js";
import type { PreparedRequest } from "./request/prepared.js";
import { openStream } from "./stream/open.js";
import { passThrough } from "./stream/pass-through.js";
import { malformed, readWhole } from "./whole-answer.js";
import { transient, type Wire } from "./wire.js";

/** How one request is sent. */
export interface Sending {
  readonly fetch: typeof fetch;
  readonly cuttable: CuttableFetch["cuttable"] | undefined;
  /** It is the host's own, and nobody else's settings are in the way. */
  readonly isHostFetch: boolean;
  readonly request: PreparedRequest;
  readonly wire: Wire;
  readonly attempt: Attempt;
  readonly attemptTimeoutMs: number;
  /** Signals that outlive the attempt, because its stream does: the caller's and the layer's. */
  readonly lasting: readonly (AbortSignal | undefined)[];
  /** The call's own end, which holds for its stream as well; and what it is in all. */
  readonly deadline: { readonly atMs: number; readonly inAllMs: number } | undefined;
}

/** An answer that can be handed on. */
export interface Accepted {
  readonly response: Response;
  /** What it used, where it told. Streams tell when they end. */
  readonly usage: Usage | undefined;
  /** Its end is still to come. */
  readonly isOpen: boolean;
}

/** Sends a request once. @throws AttemptFailure for whatever may be tried again; the reason, when it was cut from outside. */
export async function send(sending: Sending): Promise<Accepted> {
  const exchange = new Exchange(sending.wire.clock);
  const unfollow = exchange.follow(cancellationIn(sending.attempt));
  const stopAttempt = exchange.within(sending.attemptTimeoutMs, "answer");
  let accepted: Accepted | undefined;
  try {
    const response = await respond(sending, exchange);
    accepted = await accept(response, sending, exchange);
    return accepted;
  } catch (error) {
    throw failureOf(error, sending, exchange);
  } finally {
    unfollow();
    stopAttempt();
    if (accepted?.isOpen) stayOpen(exchange, sending);
    else exchange.release();
  }
}

/** A stream that goes on is cut by whoever may still cut the call. */
function stayOpen(exchange: Exchange, { lasting, deadline }: Sending): void {
  for (const signal of lasting) exchange.follow(signal && cancellationOf(signal));
  exchange.until(deadline?.atMs, () => new RequestTimeoutError("deadline", deadline?.inAllMs ?? 0));
}

async function respond(sending: Sending, exchange: Exchange): Promise<Response> {
  const { wire } = sending;
  exchange.phase(wire.timeouts.headersMs, "headers");
  exchange.end.throwIfAborted();
  const answering = sent(sending, exchange);
  try {
    // What can be cut without a signal ends at once by itself.
    const response = await (sending.cuttable ? answering : exchange.orCut(answering));
    wire.onHeaders(response.headers);
    return response;
  } catch (error) {
    // Whoever answers after the cut is sent away.
    answering.then((late) => late.body?.cancel()).catch(ignore);
    throw error;
  } finally {
    exchange.phase(Number.POSITIVE_INFINITY, "body");
  }
}

function sent({ fetch, cuttable, isHostFetch, request, wire }: Sending, exchange: Exchange): Promise<Response> {
  const { url, init } = request;
  if (cuttable) return cuttable(url, init, exchange.end);
  const isOurs = isHostFetch && !("dispatcher" in init);
  const { connectMs } = wire.timeouts;
  const isBounded = connectMs < Number.POSITIVE_INFINITY;
  const dispatch = isOurs ? unboundedDispatch(isBounded ? () => stopConnect() : undefined) : undefined;
  const stopConnect = exchange.within(dispatch ? connectMs : Number.POSITIVE_INFINITY, "connection");
  return fetch(url, { ...init, ...dispatch, signal: exchange.signal });
}

async function accept(response: Response, sending: Sending, exchange: Exchange): Promise<Accepted> {
  const { wire } = sending;
  if (!response.ok) throw await refusal(response, exchange, sending);
  const type = response.headers.get("content-type") ?? "";
  if (type.includes("text/event-stream")) {
    const opened = await openStream(response, exchange, wire);
    return { response: opened, usage: undefined, isOpen: opened.body !== null && !wire.buffered };
  }
  if (type.includes("json")) return { ...(await readWhole(response, exchange, wire)), isOpen: false };
  if (type.includes("text/html") && wire.facts.model !== undefined) {
    response.body?.cancel().catch(ignore);
    throw malformed(wire, response.status, Number(response.headers.get("content-length") ?? 0));
  }
  if (response.body === null) return { response, usage: undefined, isOpen: false };
  return { response: passThrough(response, response.body, exchange, wire), usage: undefined, isOpen: true };
}

/** What gateways say when they had handed the request on and lost sight of it. */
const GATEWAY_STATUSES: ReadonlySet<number> = new Set([408, 502, 504, 520, 524]);

async function refusal(
  response: Response,
  exchange: Exchange,
  { wire, request: { signal } }: Sending,
): Promise<AttemptFailure> {
  const read = await exchange.orCut(readAnswer(response));
  const bounds = { clock: wire.clock, timeoutMs: wire.timeouts.betweenEventsMs, signal };
  const answer = { ...read, rest: read.rest && boundedRest(read.rest, bounds) };
  const body = readErrorBody(textOfAnswer(answer));
  const { clock, dialect, rules } = wire;
  const context = { dialect, rules, wallNowMs: clock.wallNowMs() };
  const decision = classify({ status: response.status, headers: response.headers, body }, context);
  return new AttemptFailure(decision, { answer, mayBeBilled: GATEWAY_STATUSES.has(response.status) });
}

/** What was thrown, as a failure that may be tried again where it is one. */
function failureOf(error: unknown, { wire }: Sending, exchange: Exchange): unknown {
  if (error instanceof AttemptFailure) return exchange.end.aborted ? cutInstead(error, exchange) : error;
  if (error instanceof RequestTimeoutError) {
    const isLate = error.waitedFor !== "connection";
    // Without a connection nothing left, whoever was the first to give up on it.
    const decision = isLate ? transient(wire, "network.timeout", "the request timed out") : unreached(wire);
    return new AttemptFailure(decision, { error, mayBeBilled: isLate });
  }
  if (exchange.end.aborted) return error;
  if (!isTransient(error)) return error;
  const isBeyond = isUnreached(error);
  const decision = isBeyond ? unreached(wire) : transient(wire, "network.failed", "the connection failed");
  return new AttemptFailure(decision, { error, mayBeBilled: !isBeyond });
}

function unreached(wire: Wire): Decision {
  return transient(wire, "network.unreached", "no connection came about");
}

/** A body that broke because the caller left is no failure of the provider. */
function cutInstead(failure: AttemptFailure, { end }: Exchange): unknown {
  return end.reason instanceof RequestTimeoutError ? failure : end.reason;
}

function ignore(): void {}
