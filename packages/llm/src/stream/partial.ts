import { isObject, itemsAt, type JsonObject, objectAt, parseJson, textAt } from "../json.js";
import { EventLog, type Shared } from "./event-log.js";

/** How much of a stream's events is kept for what an interruption tells of, in bytes. */
const MOST_KEPT = 2 ** 20;

const TEXT = new TextDecoder("utf-8", { ignoreBOM: true });

/** Keeps the events of a stream as they came, to read the text out of them should it break. */
export class PartialAnswer {
  #events: EventLog;
  #text: string | undefined;

  constructor(mostKept: number = MOST_KEPT) {
    this.#events = new EventLog(mostKept);
  }

  /** What the bytes from `start` on, up to `end`, share with the event before. */
  shared(bytes: Uint8Array, start: number, end: number): Shared {
    return this.#events.shared(bytes, start, end);
  }

  /**
   * Keeps the data of one event: the bytes from `start` on, up to `end`, which share so much with the event before. Nothing
   * of the array is held on to.
   */
  add(bytes: Uint8Array, start: number, end: number, shared?: Shared): void {
    this.#events.add(bytes, start, end, shared);
  }

  /** The text of the first answer, so far. */
  get text(): string {
    if (this.#text === undefined) {
      this.#text = this.#events.map((data) => textOf(TEXT.decode(data))).join("");
      this.clear();
    }
    return this.#text;
  }

  /** Forgets everything: the stream ended well. */
  clear(): void {
    this.#events = new EventLog();
  }
}

/** The text that one event adds to the first answer. */
export function textOf(data: string): string {
  const value = parseJson(data);
  if (!isObject(value)) return "";
  const [choice] = itemsAt(value, "choices");
  if (isObject(choice)) return textAt(choice, "text") ?? textAt(objectAt(choice, "delta"), "content") ?? "";
  const [candidate] = itemsAt(value, "candidates");
  if (isObject(candidate)) return itemsAt(objectAt(candidate, "content"), "parts").map(partText).join("");
  return deltaText(value);
}

function partText(part: unknown): string {
  return isObject(part) && part["thought"] !== true ? (textAt(part, "text") ?? "") : "";
}

/** `response.output_text.delta` has its text in `delta`; `content_block_delta` one deeper. */
function deltaText(value: JsonObject): string {
  const type = textAt(value, "type");
  if (type === "response.output_text.delta") return textAt(value, "delta") ?? "";
  return type === "content_block_delta" ? (textAt(objectAt(value, "delta"), "text") ?? "") : "";
}
