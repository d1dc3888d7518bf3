import { isObject, itemsOf, type JsonObject } from "../json.js";
import { ANY_OBJECT, plausibleJson } from "./plausible.js";

/** What the caller wants in place of free text: JSON, or the arguments of a tool. */
export interface Wish {
  /** The tool to be called; absent for JSON as text. */
  readonly tool?: string;
  /** The text: always the same for the same seed. */
  write(seed: string): string;
}

/** A tool as any provider's request declares it. */
export interface DeclaredTool {
  readonly name: string;
  readonly parameters: unknown;
}

/** A wish for JSON, with a schema or without. */
export function jsonWish(schema: unknown): Wish {
  return { write: (seed) => plausibleJson(schema ?? ANY_OBJECT, seed) };
}

/** A wish for a call of the named tool, or of the first one. */
export function toolWish(tools: readonly DeclaredTool[], name?: string): Wish | undefined {
  const tool = tools.find((candidate) => candidate.name === name) ?? tools[0];
  if (tool === undefined) return undefined;
  return { tool: tool.name, write: (seed) => plausibleJson(tool.parameters, seed) };
}

/** The wish of a chat request: a tool unless it was forbidden or has just answered, else JSON where a format asks for it. */
export function chatWish(body: JsonObject): Wish | undefined {
  const choice = body["tool_choice"];
  const last = itemsOf(body["messages"]).at(-1);
  const answered = isObject(last) && last["role"] === "tool" && choice !== "required";
  if (choice !== "none" && !answered) {
    const named = isObject(choice) && isObject(choice["function"]) ? choice["function"]["name"] : undefined;
    const wish = toolWish(chatTools(body), typeof named === "string" ? named : undefined);
    if (wish !== undefined) return wish;
  }
  const format = body["response_format"];
  if (!isObject(format) || format["type"] === "text") return undefined;
  const schema = isObject(format["json_schema"]) ? format["json_schema"]["schema"] : undefined;
  return jsonWish(schema);
}

function chatTools(body: JsonObject): readonly DeclaredTool[] {
  return itemsOf(body["tools"]).flatMap((tool) => {
    const declared = isObject(tool) ? tool["function"] : undefined;
    return declaredTool(declared, "parameters");
  });
}

/** A tool from an object with a `name` and a schema under `field`; none if it has no name. */
export function declaredTool(tool: unknown, field: string): readonly DeclaredTool[] {
  if (!isObject(tool) || typeof tool["name"] !== "string") return [];
  return [{ name: tool["name"], parameters: tool[field] }];
}
