import type { LlmEvent } from "@bide/llm";
import { currentItem, type ItemRun } from "./attempt-log.js";

/** An event that is about one call. */
type CallEvent = Extract<LlmEvent, { readonly call: number }>;

/**
 * Knows for which item each call of a layer is made. The running code is asked at the call's first request alone: after a
 * wait, it may have been woken by a timer that another item set.
 */
export class Callers {
  readonly #items = new Map<number, ItemRun>();

  itemOf(event: CallEvent): ItemRun | undefined {
    const known = this.#items.get(event.call);
    if (known !== undefined) {
      if (isLast(event)) this.#items.delete(event.call);
      return known;
    }
    const item = isFirst(event) ? currentItem() : undefined;
    if (item !== undefined && !isLast(event)) this.#items.set(event.call, item);
    return item;
  }
}

/** A call may fail before any request: where its key is stopped, or its deadline comes first. */
function isFirst(event: CallEvent): boolean {
  return event.type === "request-sent" ? event.request === 1 : event.type === "call-failed";
}

function isLast({ type }: CallEvent): boolean {
  return type === "answer-settled" || type === "call-failed";
}
