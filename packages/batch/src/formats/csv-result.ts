import { answerTextOf } from "@bide/llm";
import { stringify } from "csv-stringify/sync";
import { isObject, parsedJson } from "./json.js";

/** A row of a CSV, without its line end. */
export function csvRow(fields: readonly string[]): string {
  return stringify([[...fields]], { record_delimiter: "" });
}

/** What a row tells of an output line of the Batch API: the text of the answer, or why there is none. */
export function toldBy(line: string, state: "succeeded" | "failed"): string {
  const value = parsedJson(line);
  const response = isObject(value) ? value["response"] : undefined;
  const body = isObject(response) ? response["body"] : undefined;
  if (state === "succeeded") return answerTextOf(body) ?? JSON.stringify(withoutFrame(body));
  if (isObject(response)) return `status ${String(response["status_code"])}${codeIn(body)}`;
  const error = isObject(value) ? value["error"] : undefined;
  return isObject(error) ? `${String(error["code"])}: ${String(error["message"])}` : "";
}

/** Of an answer that is no text, such as an embedding, the data alone. */
function withoutFrame(body: unknown): unknown {
  if (!isObject(body) || !Array.isArray(body["data"])) return body;
  const [first] = body["data"];
  return isObject(first) && "embedding" in first ? first["embedding"] : body["data"];
}

function codeIn(body: unknown): string {
  const error = isObject(body) ? body["error"] : undefined;
  const code = isObject(error) ? (error["code"] ?? error["type"]) : undefined;
  return typeof code === "string" ? `, ${code}` : "";
}
