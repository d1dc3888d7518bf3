import type { Details, Handler } from "./details.js";

/** Awaits the handlers one after the other. */
export async function inOrder(handlers: readonly Handler[], details: Details): Promise<void> {
  for (const handler of handlers) await handler(details);
}
