// Real packages. `best` is the best setting that the documentation of each offers for the case: told limits are told to those
// that can use them; the others get a concurrency that fits the limit, and many retries. `default`: as it comes.
import { BURST, IN_FLIGHT, LATENCY_MS, LENGTH, messagesOf, PER_SECOND } from "./scenarios.mjs";

const RETRIES = 10;
const API_KEY = "bench";
/** By Little's law, as many in flight as the limit lets in during one answer. */
const FITTING = Math.min(IN_FLIGHT, Math.ceil((PER_SECOND * LATENCY_MS) / 1000));
/** What a script without any idea of the limit takes. */
const USUAL = 50;

async function openaiAsk({ baseUrl, model }, options) {
  const { default: OpenAI } = await import("openai");
  const client = new OpenAI({ baseURL: baseUrl, apiKey: API_KEY, ...options });
  return (index) =>
    client.chat.completions.create({ model, max_tokens: LENGTH.maxTokens, messages: messagesOf(index) });
}

const isBest = (setting) => setting === "best";

export const contenders = {
  async bide(setting, about) {
    const { default: OpenAI } = await import("openai");
    const { resilient } = await import("../../packages/llm/dist/index.js");
    // When each request left, for the log: how far arrivals are from what was sent.
    const stamped = (url, init) => {
      const headers = new Headers(init.headers);
      headers.set("x-custom-id", String(performance.timeOrigin + performance.now()));
      return fetch(url, { ...init, headers });
    };
    const plain = new OpenAI({ baseURL: about.baseUrl, apiKey: API_KEY, fetch: stamped });
    const client = resilient(plain, { quota: isBest(setting) ? (about.told ?? {}) : {}, maxTime: "1h" });
    return (index) =>
      client.chat.completions.create({ model: about.model, max_tokens: LENGTH.maxTokens, messages: messagesOf(index) });
  },

  async "openai + p-limit"(setting, about) {
    const { default: pLimit } = await import("p-limit");
    const ask = await openaiAsk(about, isBest(setting) ? { maxRetries: RETRIES } : {});
    const limit = pLimit(isBest(setting) ? FITTING : USUAL);
    return (index) => limit(() => ask(index));
  },

  async "AI SDK"(setting, about) {
    const { generateText } = await import("ai");
    const { createOpenAI } = await import("@ai-sdk/openai");
    const { default: pLimit } = await import("p-limit");
    const provider = createOpenAI({ baseURL: about.baseUrl, apiKey: API_KEY });
    const limit = pLimit(isBest(setting) ? FITTING : USUAL);
    const retries = isBest(setting) ? { maxRetries: RETRIES } : {};
    return (index) =>
      limit(() =>
        generateText({
          model: provider.chat(about.model),
          maxOutputTokens: LENGTH.maxTokens,
          messages: messagesOf(index),
          ...retries,
        }),
      );
  },

  async "LangChain.js"(setting, about) {
    const { ChatOpenAI } = await import("@langchain/openai");
    const best = isBest(setting) ? { maxConcurrency: FITTING, maxRetries: RETRIES } : {};
    const model = new ChatOpenAI({
      model: about.model,
      maxTokens: LENGTH.maxTokens,
      apiKey: API_KEY,
      configuration: { baseURL: about.baseUrl },
      ...best,
    });
    return (index) => model.invoke(messagesOf(index));
  },

  async "p-retry"(setting, about) {
    const { default: pRetry } = await import("p-retry");
    const { default: pLimit } = await import("p-limit");
    const ask = await openaiAsk(about, { maxRetries: 0 });
    const limit = isBest(setting) ? pLimit(FITTING) : (fn) => fn();
    const best = isBest(setting) ? { retries: RETRIES, randomize: true, minTimeout: 500 } : {};
    return (index) => limit(() => pRetry(() => ask(index), best));
  },

  async bottleneck(setting, about) {
    const { default: Bottleneck } = await import("bottleneck");
    const ask = await openaiAsk(about, { maxRetries: 0 });
    const isTold = isBest(setting) && about.told !== undefined;
    // Its reservoir is a bucket: what may go at once, refilled little by little.
    const bucket = {
      reservoir: BURST,
      reservoirIncreaseAmount: PER_SECOND / 4,
      reservoirIncreaseInterval: 250,
      reservoirIncreaseMaximum: BURST,
    };
    const rate = about.boundBy === "latency" ? { maxConcurrent: IN_FLIGHT } : bucket;
    const limiter = new Bottleneck(isTold ? rate : { maxConcurrent: isBest(setting) ? FITTING : USUAL });
    limiter.on("failed", (error, { retryCount }) => {
      if (retryCount >= RETRIES) return undefined;
      const hintMs = Number(error.headers?.get?.("retry-after-ms"));
      return isBest(setting) && hintMs > 0 ? hintMs : 500 * 2 ** retryCount;
    });
    return (index) => limiter.schedule(() => ask(index));
  },

  async "p-queue"(setting, about) {
    const { default: PQueue } = await import("p-queue");
    const ask = await openaiAsk(about, isBest(setting) ? { maxRetries: RETRIES } : {});
    const isTold = isBest(setting) && about.told !== undefined;
    const pace =
      about.boundBy === "latency" ? { concurrency: IN_FLIGHT } : { interval: 100, intervalCap: PER_SECOND / 10 };
    const queue = new PQueue(isTold ? pace : { concurrency: isBest(setting) ? FITTING : USUAL });
    return (index) => queue.add(() => ask(index));
  },

  /** What people write by hand: every caller obeys the hint that it was given. */
  async "a loop that obeys hints"(setting, about) {
    const ask = await openaiAsk(about, { maxRetries: 0 });
    return async (index) => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await ask(index);
        } catch (error) {
          const hintMs = Number(error.headers?.get("retry-after-ms"));
          const most = isBest(setting) ? Number.POSITIVE_INFINITY : RETRIES;
          if (error.status !== 429 || attempt > most) throw error;
          await new Promise((resolve) => setTimeout(resolve, hintMs > 0 ? hintMs : 500));
        }
      }
    };
  },
};
