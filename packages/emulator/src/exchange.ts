import { gaugesOf, type Moment } from "./gauges.js";
import type { OpenLogEntry } from "./log.js";
import type { Refused } from "./model/arrival.js";
import type { Dialect, HeaderFields, Problem } from "./model/dialects/dialect.js";
import type { EmulatorModel } from "./model/model.js";
import type { Reply } from "./reply.js";

/** One request on its way through the endpoint. */
export interface Exchange extends Moment {
  readonly model: EmulatorModel;
  readonly dialect: Dialect;
  readonly key: string;
  readonly requestId: string;
  readonly entry: OpenLogEntry;
  /** Called once when the reply is over. */
  finish(whole: boolean): void;
  /** The time on the emulator's clock, later on. */
  laterMs(): number;
}

/** Headers that every reply carries. */
export function commonHeaders(exchange: Exchange, headAtMs: number): HeaderFields {
  const processingMs = Math.round(headAtMs / exchange.timeScale);
  return { ...exchange.dialect.replyHeaders(exchange.requestId, processingMs), date: httpDate(exchange.wallNowMs) };
}

/** Headers about the limits of the model that was asked for. */
export function rateHeaders(exchange: Exchange, refused: boolean): HeaderFields {
  const gauges = gaugesOf(exchange.model, exchange.key, exchange.entry.model, exchange, exchange.entry.costTokens);
  return exchange.dialect.rateHeaders(gauges, refused);
}

/** A reply that says no. */
export function problemReply(
  exchange: Exchange,
  problem: Pick<Problem, "kind" | "message" | "param" | "context">,
  refused?: Refused,
): Reply {
  const wording = exchange.dialect.problem({ ...problem, ...found(exchange, refused) });
  exchange.entry.status = wording.status;
  const limits = exchange.entry.requestHash === "" ? {} : rateHeaders(exchange, refused?.verdict === "rate-limited");
  return {
    head: "end",
    headAtMs: 0,
    status: wording.status,
    headers: {
      ...commonHeaders(exchange, 0),
      ...limits,
      ...hint(exchange, refused),
      "content-type": wording.contentType ?? "application/json",
      ...wording.headers,
    },
    parts: [{ atMs: 0, data: wording.body }],
    ending: "end",
    arrivedAtMs: exchange.nowMs,
    finish: exchange.finish,
  };
}

function found(
  exchange: Exchange,
  refused: Refused | undefined,
): Pick<Problem, "model" | "requestId" | "route" | "refused" | "waitMs"> {
  const base = { model: exchange.entry.model, requestId: exchange.requestId, route: exchange.entry.route };
  if (refused === undefined) return base;
  if (refused.waitMs === undefined) return { ...base, refused };
  return { ...base, refused, waitMs: refused.waitMs / exchange.timeScale };
}

function hint(exchange: Exchange, refused: Refused | undefined): HeaderFields {
  if (refused?.hintMs === undefined) return {};
  const hintMs = Math.ceil(refused.hintMs / exchange.timeScale);
  exchange.entry.hintMs = hintMs;
  return exchange.dialect.hintHeaders(hintMs, exchange.wallNowMs);
}

let dateSecond = -1;
let dateText = "";

/** An HTTP date; the text of the current second is kept, because every reply needs it. */
function httpDate(wallMs: number): string {
  const second = Math.floor(wallMs / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateText = new Date(second * 1000).toUTCString();
  }
  return dateText;
}
