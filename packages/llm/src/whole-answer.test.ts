import { describe, expect, test } from "vitest";
import { llmFetch } from "./llm-fetch.js";
import type { WholeResponse } from "./whole-answer.js";

const URL = "http://127.0.0.1:1/v1/chat/completions";
const REQUEST = { method: "POST", body: JSON.stringify({ model: "m", messages: [{ role: "user", content: "Hi" }] }) };
const ANSWER = { choices: [], usage: { prompt_tokens: 3, completion_tokens: 4 } };

/** A response that tells its body; whoever asks for its stream gets none. */
function whole(body: unknown): WholeResponse {
  const wholeBody = new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body));
  const response = new Response(null, { headers: { "content-type": "application/json" } });
  return Object.assign(response, { wholeBody });
}

describe("an answer whose body is there already", () => {
  test("is handed on itself, its body neither used up nor made anew, and tells what it used", async () => {
    const response = whole(ANSWER);
    const call = llmFetch({ fetch: async () => response });

    expect(await call(URL, REQUEST)).toBe(response);
    expect(response.bodyUsed).toBe(false);
    expect(call.bide.stats()).toMatchObject({ inputTokens: 3, outputTokens: 4 });
  });

  test("is asked for again when it is no JSON, or an error that claims success", async () => {
    const answers = [whole('{"choices":['), whole({ error: { type: "overloaded_error" } }), whole(ANSWER)];
    const last = answers[2];
    const call = llmFetch({ fetch: async () => answers.shift() as Response, random: () => 0 });

    expect(await call(URL, REQUEST)).toBe(last);
    expect(call.bide.stats()).toMatchObject({ requests: 3, answered: 1 });
  });

  test("is handed on empty where it answers no call of a model", async () => {
    const response = whole("");
    const call = llmFetch({ fetch: async () => response });

    expect(await call("http://127.0.0.1:1/v1/models")).toBe(response);
  });
});
