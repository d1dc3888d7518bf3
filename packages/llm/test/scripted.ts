import { type VirtualClock, virtualClock } from "bide/testing";
import { type LlmEvent, type LlmFetch, type LlmOptions, llmFetch } from "../src/index.js";

/** What a scripted endpoint does with one request. */
export type Step = (request: { readonly url: string; readonly init: RequestInit }) => Response | Promise<Response>;

/** A `fetch` that answers by a script, its last step for ever, and keeps what it was asked. */
export interface ScriptedFetch {
  (input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
  readonly requests: { readonly url: string; readonly init: RequestInit; readonly atMs: number }[];
}

export function scripted(clock: VirtualClock, ...steps: readonly Step[]): ScriptedFetch {
  const requests: ScriptedFetch["requests"] = [];
  const call = async (input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> => {
    const url = String(input instanceof Request ? input.url : input);
    requests.push({ url, init, atMs: clock.nowMs() });
    const step = steps[Math.min(requests.length, steps.length) - 1];
    if (step === undefined) throw new Error("the script is empty");
    return step({ url, init });
  };
  return Object.assign(call, { requests });
}

/** Answers with JSON. */
export function json(body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Step {
  return () =>
    new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } });
}

/** An answer in one piece, as the chat API writes it. */
export function answer(content: string, usage = { prompt_tokens: 3, completion_tokens: 5 }): Step {
  return json({ choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }], usage });
}

/** An error body, as OpenAI writes it. */
export function refusal(status: number, code: string, headers: Readonly<Record<string, string>> = {}): Step {
  return json({ error: { message: "no", type: null, param: null, code } }, status, headers);
}

/** A connection that breaks before anything is answered. */
export function reset(): Response {
  throw new TypeError("fetch failed", { cause: Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }) });
}

/** Waits for ever, or until it is cut. */
export function hang({ init }: { readonly init: RequestInit }): Promise<Response> {
  const { signal } = init;
  return new Promise((_, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** How a scripted stream ends. */
export type Ending = "end" | "hang" | Error;

/** Answers with a stream of these chunks: text, or bytes as they are. */
export function stream(chunks: readonly (string | Uint8Array)[], ending: Ending = "end"): Step {
  return ({ init: { signal } }) => {
    let index = 0;
    const source: UnderlyingDefaultSource<Uint8Array> = {
      start: (controller) => {
        signal?.addEventListener("abort", () => controller.error(signal.reason), { once: true });
      },
      pull: (controller): Promise<void> | undefined => {
        const chunk = chunks[index++];
        if (chunk !== undefined)
          controller.enqueue(typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk);
        else if (ending === "end") controller.close();
        else if (ending === "hang") return new Promise(() => undefined);
        else controller.error(ending);
        return undefined;
      },
    };
    const body = new ReadableStream(source, { highWaterMark: 0 });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  };
}

/** An event of a chat stream. */
export function delta(content: string | undefined, finish: string | null = null): string {
  const choice = { index: 0, delta: content === undefined ? {} : { content }, finish_reason: finish };
  return `data: ${JSON.stringify({ choices: [choice] })}\n\n`;
}

export const OPENING = `data: ${JSON.stringify({ choices: [{ index: 0, delta: { role: "assistant", content: "" }, finish_reason: null }] })}\n\n`;
export const DONE = "data: [DONE]\n\n";

/** A whole stream that says this. */
export function told(...words: readonly string[]): readonly string[] {
  return [OPENING, ...words.map((word) => delta(word)), delta(undefined, "stop"), DONE];
}

/** The arguments of a call of the chat API. */
export function chat(body: Readonly<Record<string, unknown>> = {}, key = "sk-one"): [string, RequestInit] {
  const request = { model: "gpt-x", messages: [{ role: "user", content: "Hey! Mista!" }], ...body };
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  return ["https://api.example.com/v1/chat/completions", { method: "POST", headers, body: JSON.stringify(request) }];
}

/** A layer over a scripted endpoint, on a clock of its own. */
export function layered(
  steps: readonly Step[],
  options: LlmOptions = {},
): { clock: VirtualClock; server: ScriptedFetch; fetch: LlmFetch; events: LlmEvent[] } {
  const clock = virtualClock();
  const server = scripted(clock, ...steps);
  const fetch = llmFetch({ clock, fetch: server, random: () => 0.5, ...options });
  const events: LlmEvent[] = [];
  fetch.bide.on((event) => events.push(event));
  return { clock, server, fetch, events };
}

/** Waits on the clock before a step. */
export function after(clock: () => VirtualClock, ms: number, step: Step): Step {
  return async (request) => {
    await clock().sleep(ms, request.init.signal ?? undefined);
    return step(request);
  };
}
