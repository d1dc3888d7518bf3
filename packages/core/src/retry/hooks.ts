import { emit, isObserved, type PolicyEvent } from "../events.js";
import type { RetryBounds } from "./options.js";

/** The hooks that only look on. */
export type Hook = "onAttempt" | "onRetry" | "onSuccess" | "onGiveUp";

/** Whether anybody wants to hear; asked first, so that silence costs neither an object nor a look at the clock. */
export function isHeard(options: RetryBounds, hook?: Hook): boolean {
  return isObserved() || (hook !== undefined && options[hook] !== undefined);
}

/**
 * Tells a hook of the policy, and the listeners of the process, what happens in a run. They only look on: a hook is started,
 * not awaited, and what it throws is an event.
 */
export function tell(event: PolicyEvent, options: RetryBounds, hook?: Hook, subject?: unknown): void {
  const failed = (error: unknown): void =>
    emit({ type: "hook-failed", name: options.name, hook: hook as string, error });
  const look = hook && (options[hook] as ((subject: unknown, event: PolicyEvent) => unknown) | undefined);
  try {
    const returned = look?.(subject, event);
    if (returned instanceof Promise) returned.catch(failed);
  } catch (error) {
    failed(error);
  }
  emit(event);
}
