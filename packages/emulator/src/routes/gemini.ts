import { BadRequest, charactersOf, isObject, itemsOf, type JsonObject, optionalCount } from "../json.js";
import type { Answer } from "../model/answer.js";
import type { Asked, Route, StreamEvent, Writing } from "./route.js";
import { declaredTool, jsonWish, toolWish, type Wish } from "./wish.js";

/** `POST /v1beta/models/{model}:generateContent`. */
export const generateRoute: Route = {
  name: "generateContent",
  dialect: "gemini",
  streamType: "text/event-stream",
  errorFrame: (body) => `data: ${body}\r\n\r\n`,
  read: (body, [model = ""]) => readContents(body, model, undefined),
};

/** `POST /v1beta/models/{model}:streamGenerateContent?alt=sse`. */
export const streamGenerateRoute: Route = {
  ...generateRoute,
  name: "streamGenerateContent",
  read: (body, [model = ""]) => readContents(body, model, "sse"),
};

/** The same without `alt=sse`: one JSON array, written item by item. */
export const arrayGenerateRoute: Route = {
  ...generateRoute,
  name: "streamGenerateContent",
  streamType: "application/json",
  errorFrame: (body) => `,\r\n${body}]`,
  read: (body, [model = ""]) => readContents(body, model, "array"),
};

function readContents(body: JsonObject, model: string, stream: "sse" | "array" | undefined): Asked {
  const contents = itemsOf(body["contents"]);
  if (contents.length === 0) throw new BadRequest("* GenerateContentRequest.contents: contents is not specified");
  const config = isObject(body["generationConfig"]) ? body["generationConfig"] : {};
  const maxTokens = optionalCount(config, "maxOutputTokens", 1, 2 ** 31);
  const answers = optionalCount(config, "candidateCount", 1, 8) ?? 1;
  const wish = wishOf(body, config);
  const characters = charactersOf(contents) + charactersOf(body["systemInstruction"]);
  const draft: Draft = { model, answers, tool: wish?.tool };
  return {
    model,
    prompt: [body["systemInstruction"] ?? null, contents],
    size: { characters, answers, ...(maxTokens === undefined ? {} : { maxTokens }) },
    stream: stream !== undefined,
    ...(wish === undefined ? {} : { wish }),
    json: (writing) => whole(draft, writing),
    events: (writing) => (stream === "array" ? asArray(events(draft, writing)) : asSse(events(draft, writing))),
  };
}

interface Draft {
  readonly model: string;
  readonly answers: number;
  readonly tool: string | undefined;
}

function wishOf(body: JsonObject, config: JsonObject): Wish | undefined {
  const declared = itemsOf(body["tools"]).flatMap((tool) =>
    itemsOf(isObject(tool) ? tool["functionDeclarations"] : undefined).flatMap((item) => [
      ...declaredTool(
        isObject(item) ? { schema: item["parametersJsonSchema"] ?? item["parameters"], ...item } : item,
        "schema",
      ),
    ]),
  );
  const last = itemsOf(body["contents"]).at(-1);
  const parts = itemsOf(isObject(last) ? last["parts"] : undefined);
  const answered = parts.some((part) => isObject(part) && part["functionResponse"] !== undefined);
  const wish = answered ? undefined : toolWish(declared);
  if (wish !== undefined) return wish;
  return config["responseMimeType"] === "application/json"
    ? jsonWish(config["responseSchema"] ?? config["responseJsonSchema"])
    : undefined;
}

function whole(draft: Draft, writing: Writing): JsonObject {
  const candidates = answersOf(draft, writing).map((answer, index) =>
    candidate(draft, index, answer.tokens.join(""), finishOf(answer)),
  );
  return { candidates, ...frame(draft, writing) };
}

/** A chunk per token, the last one with the reason why it ended. */
function* events(draft: Draft, writing: Writing): Generator<StreamEvent> {
  const answers = answersOf(draft, writing);
  const longest = Math.max(...answers.map(({ tokens }) => tokens.length));
  if (draft.tool !== undefined) return yield wholeAsChunk(draft, writing, writing.tokenAtMs(longest - 1));
  for (let token = 0; token < longest; token++) {
    const candidates = answers.flatMap((answer, index) => {
      const text = answer.tokens[token];
      return text === undefined ? [] : [candidate(draft, index, text, undefined)];
    });
    const data = JSON.stringify({ candidates, ...frame(draft, writing) });
    yield { kind: "content", atMs: writing.tokenAtMs(token), data, tokens: candidates.length };
  }
  const candidates = answers.map((answer, index) => candidate(draft, index, "", finishOf(answer)));
  const data = JSON.stringify({ candidates, ...frame(draft, writing) });
  yield { kind: "finish", atMs: writing.tokenAtMs(longest - 1), data };
}

/** A call of a function comes in one piece. */
function wholeAsChunk(draft: Draft, writing: Writing, atMs: number): StreamEvent {
  return { kind: "content", atMs, data: JSON.stringify(whole(draft, writing)), tokens: writing.admitted.outputTokens };
}

function* asSse(events: Iterable<StreamEvent>): Generator<StreamEvent> {
  for (const event of events) yield { ...event, data: `data: ${event.data}\r\n\r\n` };
}

function* asArray(events: Iterable<StreamEvent>): Generator<StreamEvent> {
  let before = "[";
  let atMs = 0;
  for (const event of events) {
    yield { ...event, data: before + event.data };
    before = ",\r\n";
    atMs = event.atMs;
  }
  yield { kind: "done", atMs, data: "]" };
}

function answersOf(draft: Draft, writing: Writing): readonly Answer[] {
  return Array.from({ length: draft.answers }, (_, index) => writing.answer(index));
}

function finishOf(answer: Answer): string {
  return answer.cut ? "MAX_TOKENS" : "STOP";
}

function candidate({ tool }: Draft, index: number, text: string, finishReason: string | undefined): JsonObject {
  const part = tool === undefined ? { text } : { functionCall: { name: tool, args: argumentsOf(text) } };
  const content = { parts: [part], role: "model" };
  return finishReason === undefined ? { content, index } : { content, finishReason, index };
}

function argumentsOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function frame({ model }: Draft, writing: Writing): JsonObject {
  const { inputTokens, outputTokens } = writing.admitted;
  return {
    usageMetadata: {
      promptTokenCount: inputTokens,
      candidatesTokenCount: outputTokens,
      totalTokenCount: inputTokens + outputTokens,
    },
    modelVersion: model,
    responseId: writing.id,
  };
}
