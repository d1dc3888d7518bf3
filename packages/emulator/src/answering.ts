import { type Body, streamBody, wholeBody } from "./broken-body.js";
import { commonHeaders, type Exchange, problemReply, rateHeaders } from "./exchange.js";
import type { Admitted } from "./model/arrival.js";
import type { ProblemKind } from "./model/dialects/dialect.js";
import type { FaultKind, Strike } from "./model/faults.js";
import type { Reply } from "./reply.js";
import type { Asked, Route, StreamEvent, Writing } from "./routes/route.js";

/** A fixed day, so that answers do not depend on when they are asked for. */
const CREATED = 1_750_000_000;

const PROBLEM_OF_FAULT: { readonly [kind in FaultKind]?: ProblemKind } = {
  "408": "request-timeout",
  "409": "conflict",
  "500": "server-error",
  "502": "bad-gateway",
  "503": "unavailable",
  "504": "gateway-timeout",
  "529": "overloaded",
  "slow-down": "slow-down",
};

/** The reply to an admitted request: its answer, or the fault that hits it. */
export function admittedReply(
  exchange: Exchange,
  route: Route,
  asked: Asked,
  admitted: Admitted,
  answer: Writing["answer"],
): Reply {
  const kind = admitted.strike?.kind;
  const problem = kind === undefined ? undefined : PROBLEM_OF_FAULT[kind];
  if (problem !== undefined)
    return { ...problemReply(exchange, { kind: problem }), headAtMs: admitted.timing.firstTokenMs };
  if (kind === "error-200") return { ...problemReply(exchange, { kind: "unavailable" }), status: ok(exchange) };
  const { firstTokenMs, perTokenMs } = admitted.timing;
  const writing: Writing = {
    admitted,
    id: exchange.entry.requestHash,
    created: CREATED,
    answer,
    tokenAtMs: (index) => firstTokenMs + index * perTokenMs,
  };
  const lastMs = firstTokenMs + Math.max(0, admitted.outputTokens / (asked.size.answers ?? 1) - 1) * perTokenMs;
  const headAtMs = asked.stream ? firstTokenMs : lastMs;
  const body = asked.stream
    ? streamOf(exchange, route, asked, writing)
    : wholeBody(JSON.stringify(asked.json(writing)), lastMs, admitted.strike);
  ok(exchange);
  return {
    head: headOf(admitted.strike),
    headAtMs,
    status: 200,
    headers: {
      ...commonHeaders(exchange, headAtMs),
      ...rateHeaders(exchange, false),
      "content-type": asked.stream ? route.streamType : "application/json",
    },
    ...body,
    arrivedAtMs: exchange.nowMs,
    finish: exchange.finish,
  };
}

function ok(exchange: Exchange): number {
  exchange.entry.status = 200;
  return 200;
}

function streamOf(exchange: Exchange, route: Route, asked: Asked, writing: Writing): Body {
  const { admitted } = writing;
  const chunks = admitted.outputTokens / (asked.size.answers ?? 1);
  const events = produced(asked.events(writing), exchange, admitted);
  const errorFrame = route.errorFrame(streamError(exchange, route));
  return streamBody(events, admitted.strike, chunks, {
    errorFrame,
    comment: exchange.dialect.comment ?? ": keep-alive",
  });
}

/** The JSON of the error that a broken stream carries. */
function streamError({ dialect, entry, requestId }: Exchange, route: Route): string {
  const own = route.name === "chat.completions" ? dialect.chatStreamError : undefined;
  return own ?? dialect.problem({ kind: "server-error", model: entry.model, requestId }).body;
}

/** Debits each content event's tokens once it has gone out, which is when the next one is asked for. */
function* produced(events: Iterable<StreamEvent>, exchange: Exchange, admitted: Admitted): Generator<StreamEvent> {
  for (const event of events) {
    yield event;
    const tokens = event.tokens ?? (event.kind === "content" ? 1 : 0);
    if (tokens > 0) admitted.produce(tokens, exchange.laterMs());
  }
}

function headOf(strike: Strike | undefined): Reply["head"] {
  if (strike?.kind === "reset") return "reset";
  return strike?.kind === "stall" ? "hang" : "end";
}
