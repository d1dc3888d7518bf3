import { BideError } from "bide";
import { discard, type ReadAnswer } from "./answer.js";
import { type Decision, isRetryable } from "./classify/decision.js";
import type { Usage } from "./dialects/dialect.js";

/**
 * How one attempt failed, between the layer and the engine that retries. Listeners of events see it as a failure's error;
 * callers never do: they get the provider's answer or the original error.
 */
export class AttemptFailure extends BideError {
  override readonly code = "BIDE_LLM_ATTEMPT";
  override get name(): "AttemptFailure" {
    return "AttemptFailure";
  }
  readonly #answer: ReadAnswer | undefined;
  readonly #original: unknown;
  #isFinal = false;
  #isFree = false;
  #onRetry: ((delayMs: number) => void) | undefined;
  /** Whether the provider may have done the work, and may bill it. */
  readonly mayBeBilled: boolean;
  /** What it used, where the answer was whole and is not wanted. */
  readonly usage: Usage | undefined;

  constructor(
    readonly decision: Decision,
    from: { readonly mayBeBilled?: boolean; readonly usage?: Usage | undefined } & (
      | { readonly answer: ReadAnswer }
      | { readonly error: unknown }
    ),
  ) {
    super(`attempt failed: ${decision.class} (${decision.reason})`);
    this.#answer = "answer" in from ? from.answer : undefined;
    this.#original = "error" in from ? from.error : undefined;
    this.mayBeBilled = from.mayBeBilled ?? false;
    this.usage = from.usage;
  }

  get isRetryable(): boolean {
    return !this.#isFinal && isRetryable(this.decision);
  }

  /** For what the answer does not know: the body cannot be sent twice, or the key was stopped meanwhile. */
  forbidRetry(): void {
    this.#isFinal = true;
  }

  /** Whether it consumes no attempt: what failed it was learned from another answer meanwhile. */
  get isFree(): boolean {
    return this.#isFree;
  }

  consumeNothing(): void {
    this.#isFree = true;
  }

  /** Who wants to hear that another request follows. */
  whenRetried(listener: (delayMs: number) => void): void {
    this.#onRetry = listener;
  }

  /** Another request follows after so long: the answer to this one is let go. */
  retried(delayMs: number): void {
    if (this.#answer) discard(this.#answer);
    this.#onRetry?.(delayMs);
  }

  /** The wait that the server asked for; what the engine that retries reads. */
  get retryAfterMs(): number | undefined {
    return this.decision.waitMs;
  }

  /** What the provider answered. */
  get answer(): ReadAnswer | undefined {
    return this.#answer;
  }

  /** What was thrown where nothing was answered. */
  get original(): unknown {
    return this.#original;
  }
}
