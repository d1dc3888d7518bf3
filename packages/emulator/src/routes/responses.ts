import { BadRequest, charactersOf, isObject, itemsOf, type JsonObject, optionalCount, requiredText } from "../json.js";
import type { Answer } from "../model/answer.js";
import type { Asked, Route, StreamEvent, Writing } from "./route.js";
import { declaredTool, jsonWish, toolWish, type Wish } from "./wish.js";

/** `POST /v1/responses`. */
export const responsesRoute: Route = {
  name: "responses",
  streamType: "text/event-stream; charset=utf-8",
  errorFrame: (body) => {
    const { code, message, param } = errorOf(body);
    const event = { type: "error", sequence_number: 0, code: code ?? "server_error", message, param: param ?? null };
    return `event: error\ndata: ${JSON.stringify(event)}\n\n`;
  },
  read: readResponse,
};

function readResponse(body: JsonObject): Asked {
  const model = requiredText(body, "model");
  const input = body["input"];
  if (typeof input !== "string" && itemsOf(input).length === 0) {
    throw new BadRequest("Missing required parameter: 'input'.", "input");
  }
  const maxTokens = optionalCount(body, "max_output_tokens", 16, 2 ** 31);
  const wish = wishOf(body);
  const characters = charactersOf(input) + charactersOf(body["instructions"]);
  const draft: Draft = { body, model, tool: wish?.tool };
  return {
    model,
    prompt: [body["instructions"] ?? null, input],
    size: { characters, ...(maxTokens === undefined ? {} : { maxTokens }) },
    stream: body["stream"] === true,
    ...(wish === undefined ? {} : { wish }),
    json: (writing) => finished(draft, writing, writing.answer()),
    events: (writing) => events(draft, writing),
  };
}

function wishOf(body: JsonObject): Wish | undefined {
  const choice = body["tool_choice"];
  const last = itemsOf(body["input"]).at(-1);
  const answered = isObject(last) && last["type"] === "function_call_output" && choice !== "required";
  if (choice !== "none" && !answered) {
    const tools = itemsOf(body["tools"]).flatMap((tool) => declaredTool(tool, "parameters"));
    const wish = toolWish(tools, isObject(choice) && typeof choice["name"] === "string" ? choice["name"] : undefined);
    if (wish !== undefined) return wish;
  }
  const format = isObject(body["text"]) ? body["text"]["format"] : undefined;
  return !isObject(format) || format["type"] === "text" ? undefined : jsonWish(format["schema"]);
}

interface Draft {
  readonly body: JsonObject;
  readonly model: string;
  readonly tool: string | undefined;
}

/** The response object; what the request did not say is echoed with OpenAI's defaults. */
function responseOf({ body, model }: Draft, writing: Writing, state: JsonObject): JsonObject {
  return {
    id: `resp_${writing.id}`,
    object: "response",
    created_at: writing.created,
    status: "in_progress",
    background: false,
    error: null,
    incomplete_details: null,
    instructions: body["instructions"] ?? null,
    max_output_tokens: body["max_output_tokens"] ?? null,
    model,
    output: [],
    parallel_tool_calls: body["parallel_tool_calls"] ?? true,
    previous_response_id: body["previous_response_id"] ?? null,
    reasoning: { effort: null, summary: null },
    service_tier: "default",
    store: body["store"] ?? true,
    temperature: body["temperature"] ?? 1,
    text: body["text"] ?? { format: { type: "text" } },
    tool_choice: body["tool_choice"] ?? "auto",
    tools: body["tools"] ?? [],
    top_p: body["top_p"] ?? 1,
    truncation: body["truncation"] ?? "disabled",
    metadata: body["metadata"] ?? {},
    ...state,
  };
}

function finished(draft: Draft, writing: Writing, answer: Answer): JsonObject {
  const { inputTokens, outputTokens } = writing.admitted;
  return responseOf(draft, writing, {
    status: answer.cut ? "incomplete" : "completed",
    incomplete_details: answer.cut ? { reason: "max_output_tokens" } : null,
    output: [itemOf(draft, writing, answer.tokens.join(""), answer.cut ? "incomplete" : "completed")],
    usage: {
      input_tokens: inputTokens,
      input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
      output_tokens: outputTokens,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: inputTokens + outputTokens,
    },
  });
}

function itemOf({ tool }: Draft, writing: Writing, text: string, status: string): JsonObject {
  if (tool !== undefined) {
    const callId = `call_${writing.id}`;
    return { type: "function_call", id: `fc_${writing.id}`, call_id: callId, name: tool, arguments: text, status };
  }
  const content = status === "in_progress" ? [] : [partOf(text)];
  return { type: "message", id: `msg_${writing.id}`, status, role: "assistant", content };
}

function partOf(text: string): JsonObject {
  return { type: "output_text", text, annotations: [], logprobs: [] };
}

function* events(draft: Draft, writing: Writing): Generator<StreamEvent> {
  const answer = writing.answer();
  const text = answer.tokens.join("");
  const firstMs = writing.tokenAtMs(0);
  const endMs = writing.tokenAtMs(answer.tokens.length - 1);
  const item = itemOf(draft, writing, "", "in_progress");
  const place = { item_id: item["id"], output_index: 0, ...(draft.tool === undefined ? { content_index: 0 } : {}) };
  let sequence = 0;
  const event = (kind: StreamEvent["kind"], atMs: number, type: string, fields: JsonObject): StreamEvent => {
    const data = JSON.stringify({ type, sequence_number: sequence++, ...fields });
    return { kind, atMs, data: `event: ${type}\ndata: ${data}\n\n` };
  };
  const started = { response: responseOf(draft, writing, {}) };
  yield event("open", firstMs, "response.created", started);
  yield event("open", firstMs, "response.in_progress", started);
  yield event("open", firstMs, "response.output_item.added", { output_index: 0, item });
  const part = draft.tool === undefined;
  if (part) yield event("open", firstMs, "response.content_part.added", { ...place, part: partOf("") });
  const name = part ? "response.output_text" : "response.function_call_arguments";
  const extra = part ? { logprobs: [] } : {};
  for (const [index, delta] of answer.tokens.entries()) {
    yield event("content", writing.tokenAtMs(index), `${name}.delta`, { ...place, delta, ...extra });
  }
  const whole = part ? { text, ...extra } : { name: draft.tool, arguments: text };
  yield event("finish", endMs, `${name}.done`, { ...place, ...whole });
  if (part) yield event("finish", endMs, "response.content_part.done", { ...place, part: partOf(text) });
  const response = finished(draft, writing, answer);
  const last = itemsOf(response["output"])[0];
  yield event("finish", endMs, "response.output_item.done", { output_index: 0, item: last });
  yield event("done", endMs, answer.cut ? "response.incomplete" : "response.completed", { response });
}

function errorOf(body: string): JsonObject {
  const parsed: unknown = JSON.parse(body);
  return isObject(parsed) && isObject(parsed["error"]) ? parsed["error"] : { message: "The server had an error." };
}
