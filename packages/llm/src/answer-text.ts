import { isObject, itemsAt, type JsonObject, objectAt, textAt } from "./json.js";

/** The text of the first answer in a body, in whichever shape; `undefined` where there is none, as with a call of a tool. */
export function answerTextOf(value: unknown): string | undefined {
  if (!isObject(value)) return undefined;
  const [choice] = itemsAt(value, "choices");
  if (isObject(choice)) return textAt(choice, "text") ?? textAt(objectAt(choice, "message"), "content");
  const [candidate] = itemsAt(value, "candidates");
  if (isObject(candidate)) return partsText(itemsAt(objectAt(candidate, "content"), "parts"));
  if (Array.isArray(value["content"])) return partsText(itemsAt(value, "content"));
  return partsText(itemsAt(value, "output").flatMap((item) => (isObject(item) ? itemsAt(item, "content") : [])));
}

function partsText(parts: readonly unknown[]): string | undefined {
  const texts = parts.filter(isSpoken).map((part) => textAt(part, "text") ?? "");
  return texts.length === 0 ? undefined : texts.join("");
}

function isSpoken(part: unknown): part is JsonObject {
  return isObject(part) && typeof part["text"] === "string" && part["thought"] !== true;
}
