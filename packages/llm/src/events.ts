import type { GivenUp } from "bide";
import type { Decision } from "./classify/decision.js";
import type { Usage } from "./dialects/dialect.js";
import type { InterruptReason } from "./errors.js";
import type { QuotaChanged } from "./quota/state.js";

/** Whom an event is about: never a key, only its hash. */
export interface About {
  /** A hash of host, key and organization. */
  readonly keyId: string;
  readonly model: string | undefined;
  /** Counts the calls of the layer, from 1. */
  readonly call: number;
}

/** A request leaves. */
export interface RequestSent extends About {
  readonly type: "request-sent";
  /** Counts the requests of the call, from 1. */
  readonly request: number;
  /** How long it waited for its quota, or for a pause to end. */
  readonly queuedMs: number;
  /** The name under which the provider logs it, where it keeps one. */
  readonly requestId: string | undefined;
}

/** A request failed; what comes of the call is another event. */
export interface RequestFailed extends About {
  readonly type: "request-failed";
  readonly request: number;
  readonly decision: Decision;
  /** From sending to the failure. */
  readonly elapsedMs: number;
  /** The provider may have done the work all the same, and may bill it. */
  readonly mayBeBilled: boolean;
  /** It consumed no attempt: it had been sent before another answer paused the bucket. */
  readonly isFree: boolean;
}

/** A request was cut: the caller left, the deadline came, or another one beside it was faster. It may be billed. */
export interface RequestAbandoned extends About {
  readonly type: "request-abandoned";
  readonly request: number;
  /** Another request of the same call was faster, so that the provider may bill both. */
  readonly isLost: boolean;
}

/** Another request follows after a wait. */
export interface RetryPlanned extends About {
  readonly type: "retry-planned";
  readonly decision: Decision;
  readonly delayMs: number;
}

/** A call has its answer; of a stream, its first content. */
export interface CallAnswered extends About {
  readonly type: "call-answered";
  readonly requests: number;
  readonly elapsedMs: number;
  readonly isStream: boolean;
}

/** An answer told what it used; of a stream, at its end. */
export interface AnswerSettled extends About {
  readonly type: "answer-settled";
  readonly usage: Usage | undefined;
}

/** A call ended without an answer. */
export interface CallFailed extends About {
  readonly type: "call-failed";
  readonly requests: number;
  readonly elapsedMs: number;
  readonly reason: GivenUp["reason"] | "key-stopped";
  readonly decision: Decision | undefined;
  /** With `hint-exceeds-deadline`: the wait that the server asked for. */
  readonly retryAfterMs?: number | undefined;
}

/** A stream broke after its first content had been handed on. */
export interface StreamInterrupted extends About {
  readonly type: "stream-interrupted";
  readonly reason: InterruptReason;
  readonly events: number;
}

/** Nothing more is sent for this key until it is resumed. */
export interface KeyStopped extends About {
  readonly type: "key-stopped";
  readonly decision: Decision;
}

/** A key that was stopped goes again. */
export interface KeyResumed {
  readonly type: "key-resumed";
  readonly keyId: string;
}

/** A server's hint holds back everything for this key and model. */
export interface BucketPaused extends About {
  readonly type: "bucket-paused";
  readonly pauseMs: number;
  readonly decision: Decision;
}

/** Somebody above this layer retries as well: requests multiply. */
export interface RetriesStacked extends About {
  readonly type: "retries-stacked";
}

/** What the layer tells. No event carries a prompt, an answer, a key or a header. */
export type LlmEvent =
  | RequestSent
  | RequestFailed
  | RequestAbandoned
  | RetryPlanned
  | CallAnswered
  | AnswerSettled
  | CallFailed
  | StreamInterrupted
  | KeyStopped
  | KeyResumed
  | BucketPaused
  | RetriesStacked
  | QuotaChanged;

/** Hears events. What it throws, or how long it takes to settle, changes no outcome. */
export type LlmListener = (event: LlmEvent) => void;

/** Tells listeners what happens, in order. */
export class LlmEvents {
  readonly #listeners = new Set<LlmListener>();

  on(listener: LlmListener): () => void {
    const entry: LlmListener = (event) => listener(event);
    this.#listeners.add(entry);
    return () => {
      this.#listeners.delete(entry);
    };
  }

  emit(event: LlmEvent): void {
    for (const listener of this.#listeners) tellSafely(listener, event);
  }
}

/** Tells one listener, if there is one. What it throws, now or later, changes nothing. */
export function tellSafely(listener: LlmListener | undefined, event: LlmEvent): void {
  try {
    const returned: unknown = listener?.(event);
    if (returned instanceof Promise) returned.catch(ignore);
  } catch {
    // As it says.
  }
}

function ignore(): void {}
