import { BideError } from "bide";
import type { Decision } from "./classify/decision.js";
import type { PartialAnswer } from "./stream/partial.js";

/** Why a stream ended before its answer did. */
export type InterruptReason = "cut" | "stalled" | "truncated" | "error-event" | "malformed" | "deadline";

const INTERRUPTED: Readonly<Record<InterruptReason, string>> = {
  cut: "the connection broke",
  stalled: "no event came for too long",
  truncated: "it ended without saying that the answer is whole",
  "error-event": "the provider sent an error",
  malformed: "the provider sent what is no JSON",
  deadline: "the deadline came",
};

/**
 * A stream broke after its first content had been handed on, so that trying again would repeat it. It surfaces where the
 * stream is read. `partial` is the text of the first answer up to there, at most a mebibyte of events.
 */
export class StreamInterruptedError extends BideError {
  override readonly code = "BIDE_STREAM_INTERRUPTED";
  override get name(): "StreamInterruptedError" {
    return "StreamInterruptedError";
  }
  readonly #partial: PartialAnswer;
  /** @param events Events received. @param decision What an error event meant. */
  constructor(
    readonly reason: InterruptReason,
    partial: PartialAnswer,
    readonly events: number,
    readonly decision: Decision | undefined = undefined,
    options?: ErrorOptions,
  ) {
    super(`the stream broke after ${events} events: ${INTERRUPTED[reason]}`, options);
    this.#partial = partial;
  }

  /** The text received so far; read from the events when it is first asked for. */
  get partial(): string {
    return this.#partial.text;
  }
}

/** What a request waited for when its time was over. */
export type WaitedFor = "connection" | "headers" | "body" | "first event" | "next event" | "answer" | "deadline";

/** A request took longer than it may. Clients read "timed out" in the message and throw their own class for it. */
export class RequestTimeoutError extends BideError {
  override readonly code = "BIDE_REQUEST_TIMEOUT";
  override get name(): "RequestTimeoutError" {
    return "RequestTimeoutError";
  }
  /** @param timeoutMs The time that it had. */
  constructor(
    readonly waitedFor: WaitedFor,
    readonly timeoutMs: number,
    options?: ErrorOptions,
  ) {
    const bound = `${Math.round(timeoutMs)} ms`;
    super(
      waitedFor === "deadline"
        ? `the call timed out: its deadline came after ${bound} in all`
        : `the request timed out: no ${waitedFor} within ${bound}`,
      options,
    );
  }
}

/** An answer that claims success and cannot be read: its JSON is cut or malformed, or it is a page of HTML. */
export class MalformedAnswerError extends BideError {
  override readonly code = "BIDE_MALFORMED_ANSWER";
  override get name(): "MalformedAnswerError" {
    return "MalformedAnswerError";
  }
  /** @param bytes How much of it came. */
  constructor(
    readonly status: number,
    readonly bytes: number,
  ) {
    super(`the answer cannot be read: status ${status}, ${bytes} bytes that are no JSON`);
  }
}

/** Every answer was whole, and none of them fitted the schema in `validate`. */
export class AnswerRejectedError extends BideError {
  override readonly code = "BIDE_ANSWER_REJECTED";
  override get name(): "AnswerRejectedError" {
    return "AnswerRejectedError";
  }
  /** @param paths Where in the last answer the schema found fault: names of fields, and nothing of their content. */
  constructor(readonly paths: readonly string[]) {
    super(`the answer does not fit: ${paths.length} ${paths.length === 1 ? "issue" : "issues"} found by the schema`);
  }
}
