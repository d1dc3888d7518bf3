import type { LlmFetch } from "./bide.js";
import { Layer } from "./layer.js";
import { configOf, type LlmOptions } from "./options.js";

/**
 * A `fetch` for LLM clients that knows what each failure means: it waits for limits, tries again what may heal, stops a key
 * that ran out of money, and hands on the provider's own last answer for everything else, so that the client throws its own
 * error. Give the client `maxRetries: 0`; or use `resilient`, which does. One of it may serve any number of clients: they
 * share its quota and its stopped keys.
 *
 * @throws OptionError for an option that is unknown or out of range.
 */
export function llmFetch(options: LlmOptions = {}): LlmFetch {
  const layer = new Layer(configOf(options));
  if (options.onEvent) layer.events.on(options.onEvent);
  const call: typeof fetch = (input, init) => layer.fetch(input, init);
  return Object.assign(call, { bide: layer.bide });
}
