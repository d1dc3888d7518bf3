import { createOpenAI } from "@ai-sdk/openai";
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import { ChatOpenAI } from "@langchain/openai";
import { generateText, streamText } from "ai";
import { createParser } from "eventsource-parser";
import OpenAI from "openai";
import { type LlmOptions, llmFetch, resilient } from "../../src/index.js";

/** The endpoint that a client is pointed at, and what lies between the two. */
export interface Setup {
  /** The server's root. */
  readonly url: string;
  readonly fetch: typeof globalThis.fetch;
  /** The client's own time-out, where it has one. */
  readonly timeoutMs: number;
  /** With bide underneath; left out: the client alone. */
  readonly bide?: LlmOptions | undefined;
}

/** A client, ready to be asked. */
export interface Asked {
  whole(): PromiseLike<string>;
  /** The texts as they come. */
  stream(): AsyncIterable<string>;
}

/** A client under test. */
export interface Client {
  readonly name: string;
  readonly dialect: "openai" | "anthropic" | "gemini";
  create(setup: Setup): Asked;
}

const QUESTION = "Why is the sky blue?";
const messages = [{ role: "user" as const, content: QUESTION }];

const openai: Client = {
  name: "openai 6",
  dialect: "openai",
  create: ({ url, fetch, timeoutMs, bide }) => {
    const plain = new OpenAI({ apiKey: "k", baseURL: `${url}/v1`, fetch, timeout: timeoutMs });
    const { completions } = (bide ? resilient(plain, bide) : plain).chat;
    return {
      whole: async () => {
        const { choices } = await completions.create({ model: "m", messages });
        return choices[0]?.message.content ?? "";
      },
      stream: async function* () {
        const stream = await completions.create({ model: "m", messages, stream: true });
        for await (const { choices } of stream) yield choices[0]?.delta.content ?? "";
      },
    };
  },
};

const anthropic: Client = {
  name: "@anthropic-ai/sdk 1",
  dialect: "anthropic",
  create: ({ url, fetch, timeoutMs, bide }) => {
    const plain = new Anthropic({ apiKey: "k", baseURL: url, fetch, timeout: timeoutMs });
    const client = bide ? resilient(plain, bide) : plain;
    const ask = { model: "m", max_tokens: 100, messages };
    return {
      whole: async () => {
        const { content } = await client.messages.create(ask);
        return content.map((part) => (part.type === "text" ? part.text : "")).join("");
      },
      stream: async function* () {
        for await (const event of await client.messages.create({ ...ask, stream: true })) {
          if (event.type === "content_block_delta" && event.delta.type === "text_delta") yield event.delta.text;
        }
      },
    };
  },
};

const genai: Client = {
  name: "@google/genai 2",
  dialect: "gemini",
  create: ({ url, fetch, timeoutMs, bide }) => {
    const httpOptions = bide
      ? { baseUrl: url, fetch: llmFetch({ ...bide, fetch }) }
      : { baseUrl: url, fetch, timeout: timeoutMs };
    const { models } = new GoogleGenAI({ apiKey: "k", httpOptions });
    const ask = { model: "m", contents: QUESTION };
    return {
      whole: async () => (await models.generateContent(ask)).text ?? "",
      stream: async function* () {
        for await (const { text } of await models.generateContentStream(ask)) yield text ?? "";
      },
    };
  },
};

const aiSdk: Client = {
  name: "AI SDK 6",
  dialect: "openai",
  create: ({ url, fetch, timeoutMs, bide }) => {
    const sent = bide ? llmFetch({ ...bide, fetch }) : fetch;
    const model = createOpenAI({ apiKey: "k", baseURL: `${url}/v1`, fetch: sent }).chat("m");
    const retries = bide ? { maxRetries: 0 } : {};
    // Its other time-outs run over all of its retries.
    const silence = bide ? {} : { timeout: { chunkMs: timeoutMs } };
    return {
      whole: async () => (await generateText({ model, prompt: QUESTION, ...retries })).text,
      stream: async function* () {
        const { fullStream } = streamText({
          model,
          prompt: QUESTION,
          ...retries,
          ...silence,
          onError: () => undefined,
        });
        for await (const part of fullStream) {
          if (part.type === "error") throw part.error;
          if (part.type === "abort") throw new DOMException("aborted", "AbortError");
          if (part.type === "text-delta") yield part.text;
        }
      },
    };
  },
};

const langchain: Client = {
  name: "@langchain/openai 1",
  dialect: "openai",
  create: ({ url, fetch, timeoutMs, bide }) => {
    const sent = bide ? llmFetch({ ...bide, fetch }) : fetch;
    const configuration = { baseURL: `${url}/v1`, fetch: sent };
    const bounds = bide ? { maxRetries: 0 } : { timeout: timeoutMs };
    const client = new ChatOpenAI({ apiKey: "k", model: "m", configuration, ...bounds });
    return {
      whole: async () => (await client.invoke(QUESTION)).text,
      stream: async function* () {
        for await (const { text } of await client.stream(QUESTION)) yield text;
      },
    };
  },
};

const plainFetch: Client = {
  name: "plain fetch",
  dialect: "openai",
  create: ({ url, fetch, bide }) => {
    const sent = bide ? llmFetch({ ...bide, fetch }) : fetch;
    const ask = async (stream: boolean): Promise<Response> => {
      const headers = { authorization: "Bearer k", "content-type": "application/json" };
      const body = JSON.stringify({ model: "m", messages, stream });
      const response = await sent(`${url}/v1/chat/completions`, { method: "POST", headers, body });
      if (!response.ok) throw Object.assign(new Error(`status ${response.status}`), { status: response.status });
      return response;
    };
    return {
      whole: async () => {
        const { choices } = (await (await ask(false)).json()) as OpenAI.ChatCompletion;
        return choices[0]?.message.content ?? "";
      },
      stream: async function* () {
        const texts: string[] = [];
        const parser = createParser({
          onEvent: ({ data }) => {
            if (data === "[DONE]") return;
            const { choices } = JSON.parse(data) as OpenAI.ChatCompletionChunk;
            texts.push(choices[0]?.delta.content ?? "");
          },
        });
        const { body } = await ask(true);
        const decoder = new TextDecoder();
        for await (const bytes of body ?? []) {
          parser.feed(decoder.decode(bytes, { stream: true }));
          yield* texts.splice(0);
        }
      },
    };
  },
};

/** The clients of the matrix, each in the version that is installed. */
export const CLIENTS: readonly Client[] = [openai, anthropic, genai, aiSdk, langchain, plainFetch];
