import { isObject } from "./json.js";

/** What systems and undici say when no connection came about. */
const UNREACHED: ReadonlySet<unknown> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENETDOWN",
  "UND_ERR_CONNECT_TIMEOUT",
]);
const DEEPEST_CAUSE = 5;

/** Whether an error says that nothing was sent, so that nobody can bill it. */
export function isUnreached(error: unknown, depth = 0): boolean {
  if (depth > DEEPEST_CAUSE || !isObject(error)) return false;
  if (UNREACHED.has(error["code"])) return true;
  // Where a name has several addresses, all of them failed.
  const { cause, errors } = error;
  if (Array.isArray(errors) && errors.length > 0) return errors.every((each) => isUnreached(each, depth + 1));
  return isUnreached(cause, depth + 1);
}
