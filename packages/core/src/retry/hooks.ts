import { emit, isObserved, type PolicyEvent } from "../events.js";
import type { Attempt, Failure } from "../outcome.js";
import type { RetryBounds } from "./options.js";
import type { Stop } from "./plan.js";

/** Tells the hooks of a policy, and the listeners of the process, what happens in a run. They only look on. */
export class Hooks {
  readonly #hooks: RetryBounds;
  readonly #name: string | undefined;

  constructor(options: RetryBounds) {
    this.#hooks = options;
    this.#name = options.name;
  }

  /** Whether a hook looks on even when the first call succeeds. */
  get lookOnSuccess(): boolean {
    return this.#hooks.onAttempt !== undefined || this.#hooks.onSuccess !== undefined;
  }

  attempt(attempt: Attempt): void {
    const { onAttempt } = this.#hooks;
    if (onAttempt) this.#look("onAttempt", () => onAttempt(attempt));
    if (isObserved()) emit({ type: "attempt-started", name: this.#name, attempt: attempt.number });
  }

  failed(failure: Failure): void {
    const { attempt, elapsedMs } = failure;
    if (isObserved()) emit({ type: "attempt-failed", name: this.#name, attempt, failure, elapsedMs });
  }

  retry(failure: Failure, delayMs: number): void {
    const { attempt, elapsedMs } = failure;
    const event = { type: "retry-scheduled", name: this.#name, attempt, failure, delayMs, elapsedMs } as const;
    const { onRetry } = this.#hooks;
    if (onRetry) this.#look("onRetry", () => onRetry(failure, event));
    this.#tell(event);
  }

  /** Whether anybody wants to hear of a success; asked first, so that silence costs no look at the clock. */
  get hearsSuccess(): boolean {
    return this.#hooks.onSuccess !== undefined || isObserved();
  }

  success(value: unknown, attempts: number, elapsedMs: number): void {
    const event = { type: "run-succeeded", name: this.#name, attempts, elapsedMs } as const;
    const { onSuccess } = this.#hooks;
    if (onSuccess) this.#look("onSuccess", () => onSuccess(value, event));
    this.#tell(event);
  }

  giveUp(failure: Failure | undefined, { reason, retryAfterMs }: Stop, attempts: number, elapsedMs: number): void {
    const name = this.#name;
    const event = { type: "run-gave-up", name, attempts, elapsedMs, reason, failure, retryAfterMs } as const;
    const { onGiveUp } = this.#hooks;
    if (onGiveUp) this.#look("onGiveUp", () => onGiveUp(failure, event));
    this.#tell(event);
  }

  #tell(event: PolicyEvent): void {
    if (isObserved()) emit(event);
  }

  /** Calls a hook: started, not awaited, and what it throws is an event. */
  #look(hook: string, call: () => unknown): void {
    const failed = (error: unknown): void => this.#tell({ type: "hook-failed", name: this.#name, hook, error });
    try {
      const returned = call();
      if (returned instanceof Promise) returned.catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}
