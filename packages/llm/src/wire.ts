import type { Clock } from "bide";
import { classify } from "./classify/classify.js";
import type { Decision } from "./classify/decision.js";
import { readErrorValue } from "./classify/error-body.js";
import type { Rule } from "./classify/rules.js";
import type { Dialect, Usage } from "./dialects/dialect.js";
import type { RequestFacts } from "./request/facts.js";
import type { TimeoutsMs } from "./timeouts.js";
import type { AnswerCheck } from "./validate.js";

/** What every step of reading an answer needs to know. */
export interface Wire {
  readonly clock: Clock;
  readonly dialect: Dialect;
  readonly rules: readonly Rule[];
  readonly facts: RequestFacts;
  readonly timeouts: TimeoutsMs;
  /** Streams are read to their end before they are handed on. */
  readonly buffered: boolean;
  /** What the caller wants of an answer; none for what is not asked again. */
  readonly check: AnswerCheck | undefined;
  /** Called with the headers of whatever is answered. */
  readonly onHeaders: (headers: Headers) => void;
  /** Called once when a stream that was handed on is over. */
  readonly onStreamEnd: (end: StreamEnd) => void;
}

/** How a stream that was handed on ended. */
export interface StreamEnd {
  readonly usage: Usage | undefined;
  readonly events: number;
  /** Why it broke; left out when it ended well or the caller left. */
  readonly error?: unknown;
}

/** What an error inside a success or a stream means. */
export function classifyInside(wire: Wire, response: Response, value: unknown): Decision {
  const answer = { status: response.status, headers: response.headers, body: readErrorValue(value) };
  return classify(answer, { dialect: wire.dialect, rules: wire.rules, wallNowMs: wire.clock.wallNowMs() });
}

/** A failure that carries no word of the provider. */
export function transient(wire: Wire, rule: string, reason: string): Decision {
  const evidence = { dialect: wire.dialect.name, rule, status: undefined };
  return { class: "transient", scope: "request", waitMs: undefined, reason, evidence };
}
