import type { Details } from "../src/index.js";

/** Handlers that keep what they are told. */
export function recorded(): Record<"success" | "backoff" | "giveup", Details[]> & {
  readonly handlers: Record<"onSuccess" | "onBackoff" | "onGiveup", (details: Details) => void>;
} {
  const lists = { success: [] as Details[], backoff: [] as Details[], giveup: [] as Details[] };
  return {
    ...lists,
    handlers: {
      onSuccess: (details) => void lists.success.push(details),
      onBackoff: (details) => void lists.backoff.push(details),
      onGiveup: (details) => void lists.giveup.push(details),
    },
  };
}
