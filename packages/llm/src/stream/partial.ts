import { isObject, itemsAt, type JsonObject, objectAt, parseJson, textAt } from "../json.js";

/** How much of a stream's events is kept for what an interruption tells of, in UTF-16 code units. */
const MOST_KEPT = 2 ** 20;

/** Keeps the events of a stream as they came, to read the text out of them should it break. */
export class PartialAnswer {
  #events: string[] = [];
  #kept = 0;
  #text: string | undefined;
  readonly #mostKept: number;

  constructor(mostKept: number = MOST_KEPT) {
    this.#mostKept = mostKept;
  }

  add(data: string): void {
    if (this.#kept + data.length > this.#mostKept) return;
    this.#kept += data.length;
    this.#events.push(data);
  }

  /** The text of the first answer, so far. */
  get text(): string {
    if (this.#text === undefined) {
      this.#text = this.#events.map(textOf).join("");
      this.#events = [];
    }
    return this.#text;
  }

  /** Forgets everything: the stream ended well. */
  clear(): void {
    this.#events = [];
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
