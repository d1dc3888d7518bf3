import { emit, type PolicyEvent } from "../events.js";
import type { RetryBounds } from "./options.js";

/** The hooks that only look on. */
export type Hook = "onAttempt" | "onRetry" | "onSuccess" | "onGiveUp";

/** An event, but for the name of the policy. */
type Told<E> = E extends PolicyEvent ? Omit<E, "name"> : never;

/**
 * Tells a hook of the policy, and the listeners of the process, what happens in a run. They only look on: a hook is started,
 * not awaited, and what it throws is an event. Asked before is whether there is anybody: silence costs neither an object nor a
 * look at the clock.
 */
export function tell(told: Told<PolicyEvent>, options: RetryBounds, hook?: Hook, subject?: unknown): void {
  const { name } = options;
  const event = { ...told, name } as PolicyEvent;
  const failed = (error: unknown): void => emit({ type: "hook-failed", name, hook: hook as string, error });
  const look = hook && (options[hook] as ((subject: unknown, event: PolicyEvent) => unknown) | undefined);
  try {
    const returned = look?.(subject, event);
    if (returned instanceof Promise) returned.catch(failed);
  } catch (error) {
    failed(error);
  }
  emit(event);
}
