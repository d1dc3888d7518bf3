import { BadRequest, charactersOf, isObject, itemsOf, type JsonObject, optionalCount, requiredText } from "../json.js";
import type { Answer } from "../model/answer.js";
import type { Asked, Route, StreamEvent, Writing } from "./route.js";
import { declaredTool, jsonWish, toolWish, type Wish } from "./wish.js";

/** `POST /v1/messages` in Anthropic's shape. */
export const messagesRoute: Route = {
  name: "messages",
  dialect: "anthropic",
  streamType: "text/event-stream; charset=utf-8",
  errorFrame: (body) => `event: error\ndata: ${body}\n\n`,
  read: readMessages,
};

function readMessages(body: JsonObject): Asked {
  const model = requiredText(body, "model");
  const maxTokens = optionalCount(body, "max_tokens", 1, 2 ** 31);
  if (maxTokens === undefined) throw new BadRequest("max_tokens: Field required", "max_tokens");
  const messages = itemsOf(body["messages"]);
  if (messages.length === 0) throw new BadRequest("messages: at least one message is required", "messages");
  const wish = wishOf(body, messages);
  const draft: Draft = { model, tool: wish?.tool };
  return {
    model,
    prompt: [body["system"] ?? null, messages],
    size: { characters: charactersOf(messages) + charactersOf(body["system"]), maxTokens },
    stream: body["stream"] === true,
    ...(wish === undefined ? {} : { wish }),
    json: (writing) => message(draft, writing),
    events: (writing) => events(draft, writing),
  };
}

interface Draft {
  readonly model: string;
  readonly tool: string | undefined;
}

function wishOf(body: JsonObject, messages: readonly unknown[]): Wish | undefined {
  const choice = isObject(body["tool_choice"]) ? body["tool_choice"] : {};
  const last = messages.at(-1);
  const parts = itemsOf(isObject(last) ? last["content"] : undefined);
  const answered = parts.some((part) => isObject(part) && part["type"] === "tool_result");
  if (choice["type"] !== "none" && !answered) {
    const tools = itemsOf(body["tools"]).flatMap((tool) => declaredTool(tool, "input_schema"));
    const wish = toolWish(tools, typeof choice["name"] === "string" ? choice["name"] : undefined);
    if (wish !== undefined) return wish;
  }
  const format = isObject(body["output_config"]) ? body["output_config"]["format"] : undefined;
  return isObject(format) && format["type"] === "json_schema" ? jsonWish(format["schema"]) : undefined;
}

function message(draft: Draft, writing: Writing): JsonObject {
  const answer = writing.answer();
  const text = answer.tokens.join("");
  return {
    ...frame(draft, writing),
    content: [block(draft, writing, text)],
    ...stopOf(draft, answer),
    usage: usageOf(writing),
  };
}

function* events(draft: Draft, writing: Writing): Generator<StreamEvent> {
  const answer = writing.answer();
  const firstMs = writing.tokenAtMs(0);
  const endMs = writing.tokenAtMs(answer.tokens.length - 1);
  const usage = usageOf(writing);
  const nothing = { content: [], stop_reason: null, stop_sequence: null, usage: { ...usage, output_tokens: 1 } };
  yield event("open", firstMs, { type: "message_start", message: { ...frame(draft, writing), ...nothing } });
  yield event("open", firstMs, { type: "content_block_start", index: 0, content_block: block(draft, writing, "") });
  yield event("open", firstMs, { type: "ping" });
  for (const [index, text] of answer.tokens.entries()) {
    const delta =
      draft.tool === undefined ? { type: "text_delta", text } : { type: "input_json_delta", partial_json: text };
    yield event("content", writing.tokenAtMs(index), { type: "content_block_delta", index: 0, delta });
  }
  yield event("finish", endMs, { type: "content_block_stop", index: 0 });
  const ended = { output_tokens: writing.admitted.outputTokens };
  yield event("usage", endMs, { type: "message_delta", delta: stopOf(draft, answer), usage: ended });
  yield event("done", endMs, { type: "message_stop" });
}

function event(kind: StreamEvent["kind"], atMs: number, data: JsonObject): StreamEvent {
  return { kind, atMs, data: `event: ${String(data["type"])}\ndata: ${JSON.stringify(data)}\n\n` };
}

function frame({ model }: Draft, writing: Writing): JsonObject {
  return { id: `msg_${writing.id}`, type: "message", role: "assistant", model };
}

function block({ tool }: Draft, writing: Writing, text: string): JsonObject {
  if (tool === undefined) return { type: "text", text };
  return { type: "tool_use", id: `toolu_${writing.id}`, name: tool, input: inputOf(text) };
}

/** The arguments as an object; what a bound has cut is no JSON any more and becomes an empty one. */
function inputOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function stopOf({ tool }: Draft, answer: Answer): JsonObject {
  const reason = tool === undefined ? "end_turn" : "tool_use";
  return { stop_reason: answer.cut ? "max_tokens" : reason, stop_sequence: null };
}

function usageOf({ admitted }: Writing): JsonObject {
  return {
    input_tokens: admitted.inputTokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    output_tokens: admitted.outputTokens,
  };
}
