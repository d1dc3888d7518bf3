import { isTransient } from "../transient.js";

/** Statuses by which servers say that there is too much at once; 529 is "overloaded" with some. */
const STATUSES: readonly unknown[] = [429, 503, 529];

const CODES =
  /overload|rate_?limit|too_?many_?requests|throttl|slow_?down|resource_?exhausted|engine_?busy|server_?busy/i;

/**
 * Whether an error says that there were too many calls at once: a status of 429, 503 or 529, or a `code` or `type` that says
 * so; and not that money is used up, which fewer calls do not bring back.
 */
export function isOverload(error: unknown): boolean {
  const { status, code, type } = Object(error) as {
    readonly status?: unknown;
    readonly code?: unknown;
    readonly type?: unknown;
  };
  return (STATUSES.includes(status) || CODES.test(String(code) + String(type))) && isTransient(error);
}
