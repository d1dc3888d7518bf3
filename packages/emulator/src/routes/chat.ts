import { BadRequest, charactersOf, isObject, itemsOf, type JsonObject, optionalCount, requiredText } from "../json.js";
import type { Answer } from "../model/answer.js";
import type { Asked, Route, StreamEvent, Writing } from "./route.js";
import { chatWish } from "./wish.js";

/** `POST /v1/chat/completions`, and Azure's path with a deployment in it, which then names the model. */
export const chatRoute: Route = {
  name: "chat.completions",
  streamType: "text/event-stream; charset=utf-8",
  errorFrame: (body) => `data: ${body}\n\n`,
  read: readChat,
};

interface Chat {
  readonly model: string;
  readonly answers: number;
  readonly usageInStream: boolean;
  readonly tool: string | undefined;
}

const MOST_TOKENS = 2 ** 31;

function readChat(body: JsonObject, [deployment]: readonly string[]): Asked {
  const model = deployment ?? requiredText(body, "model");
  const messages = itemsOf(body["messages"]);
  if (messages.length === 0) {
    throw new BadRequest("Invalid 'messages': expected an array with at least 1 item.", "messages");
  }
  for (const message of messages) checkMessage(message);
  const answers = optionalCount(body, "n", 1, 128) ?? 1;
  const maxTokens =
    optionalCount(body, "max_completion_tokens", 1, MOST_TOKENS) ?? optionalCount(body, "max_tokens", 1, MOST_TOKENS);
  const wish = chatWish(body);
  const streamOptions = body["stream_options"];
  const usageInStream = isObject(streamOptions) && streamOptions["include_usage"] === true;
  const chat: Chat = { model, answers, usageInStream, tool: wish?.tool };
  return {
    model,
    prompt: messages,
    size: { characters: charactersOf(messages), answers, ...(maxTokens === undefined ? {} : { maxTokens }) },
    stream: body["stream"] === true,
    ...(wish === undefined ? {} : { wish }),
    json: (writing) => completion(chat, writing),
    events: (writing) => chunks(chat, writing),
  };
}

function checkMessage(message: unknown): void {
  if (isObject(message) && typeof message["role"] === "string") return;
  throw new BadRequest("Invalid 'messages': every message must be an object with a 'role'.", "messages");
}

function completion(chat: Chat, writing: Writing): unknown {
  const choices = [];
  for (let index = 0; index < chat.answers; index++) {
    const answer = writing.answer(index);
    choices.push({
      index,
      message: { role: "assistant", ...messageOf(chat, writing, answer, index), refusal: null, annotations: [] },
      logprobs: null,
      finish_reason: finishReason(chat, answer),
    });
  }
  return { ...frame("chat.completion", chat, writing), choices, usage: usageOf(writing) };
}

function messageOf(chat: Chat, writing: Writing, answer: Answer, index: number): JsonObject {
  const text = answer.tokens.join("");
  if (chat.tool === undefined) return { content: text };
  const call = { id: callId(writing, index), type: "function", function: { name: chat.tool, arguments: text } };
  return { content: null, tool_calls: [call] };
}

function* chunks(chat: Chat, writing: Writing): Generator<StreamEvent> {
  const base = frame("chat.completion.chunk", chat, writing);
  const usage = chat.usageInStream ? { usage: null } : {};
  const event = (kind: StreamEvent["kind"], atMs: number, choice: unknown): StreamEvent => {
    return { kind, atMs, data: `data: ${JSON.stringify({ ...base, choices: [choice], ...usage })}\n\n` };
  };
  const answers = Array.from({ length: chat.answers }, (_, index) => writing.answer(index));
  for (const index of answers.keys()) {
    yield event("open", writing.tokenAtMs(0), choice(index, opening(chat, writing, index), null));
  }
  const longest = Math.max(...answers.map(({ tokens }) => tokens.length));
  for (let token = 0; token < longest; token++) {
    for (const [index, { tokens }] of answers.entries()) {
      const text = tokens[token];
      if (text === undefined) continue;
      yield event("content", writing.tokenAtMs(token), choice(index, continuing(chat, text), null));
    }
  }
  const endMs = writing.tokenAtMs(longest - 1);
  for (const [index, answer] of answers.entries()) {
    yield event("finish", endMs, choice(index, {}, finishReason(chat, answer)));
  }
  if (chat.usageInStream) {
    const data = `data: ${JSON.stringify({ ...base, choices: [], usage: usageOf(writing) })}\n\n`;
    yield { kind: "usage", atMs: endMs, data };
  }
  yield { kind: "done", atMs: endMs, data: "data: [DONE]\n\n" };
}

function opening(chat: Chat, writing: Writing, index: number): JsonObject {
  if (chat.tool === undefined) return { role: "assistant", content: "", refusal: null };
  const named = { name: chat.tool, arguments: "" };
  const call = { index: 0, id: callId(writing, index), type: "function", function: named };
  return { role: "assistant", content: null, tool_calls: [call], refusal: null };
}

function continuing(chat: Chat, text: string): JsonObject {
  return chat.tool === undefined ? { content: text } : { tool_calls: [{ index: 0, function: { arguments: text } }] };
}

function finishReason(chat: Chat, answer: Answer): string {
  if (answer.cut) return "length";
  return chat.tool === undefined ? "stop" : "tool_calls";
}

function choice(index: number, delta: unknown, finishReason: string | null): unknown {
  return { index, delta, logprobs: null, finish_reason: finishReason };
}

function callId(writing: Writing, index: number): string {
  return `call_${writing.id}${index}`;
}

function frame(object: string, chat: Chat, writing: Writing): JsonObject {
  return {
    id: `chatcmpl-${writing.id}`,
    object,
    created: writing.created,
    model: chat.model,
    service_tier: "default",
    system_fingerprint: "fp_emulator",
  };
}

function usageOf({ admitted }: Writing): JsonObject {
  return {
    prompt_tokens: admitted.inputTokens,
    completion_tokens: admitted.outputTokens,
    total_tokens: admitted.inputTokens + admitted.outputTokens,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}
