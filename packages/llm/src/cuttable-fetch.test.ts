import { describe, expect, test } from "vitest";
import type { CuttableFetch, RequestCut } from "./cuttable-fetch.js";
import { llmFetch } from "./llm-fetch.js";

const URL = "http://127.0.0.1:1/v1/chat/completions";
const REQUEST = { method: "POST", body: JSON.stringify({ model: "m", messages: [] }) };
const HEADERS = { "content-type": "application/json" };

function cuttable(send: CuttableFetch["cuttable"]): typeof fetch & CuttableFetch {
  return Object.assign(async (): Promise<Response> => Promise.reject(new Error("sent with a signal")), {
    cuttable: send,
  });
}

describe("a fetch that can be cut without a signal", () => {
  test("is given no signal", async () => {
    const seen: unknown[] = [];
    const call = llmFetch({
      fetch: cuttable(async (url, init) => {
        seen.push(url, init.body, init.signal);
        return new Response('{"choices":[]}', { headers: HEADERS });
      }),
    });

    expect((await call(URL, REQUEST)).status).toBe(200);
    expect(seen).toEqual([URL, REQUEST.body, undefined]);
  });

  test("is cut with the reason of its caller, and leaves no listener behind", async () => {
    const caller = new AbortController();
    const [reason, heard]: [Error, unknown[]] = [new Error("enough"), []];
    const call = llmFetch({
      fetch: cuttable(
        (_, __, cut: RequestCut) =>
          new Promise((___, reject) => {
            cut.onAbort(() => {
              heard.push(cut.reason);
              reject(cut.reason);
            });
            queueMicrotask(() => caller.abort(reason));
          }),
      ),
    });

    await expect(call(URL, { ...REQUEST, signal: caller.signal })).rejects.toBe(reason);
    expect(heard).toEqual([reason]);
  });

  test("is cut when an attempt takes too long, and asked again", async () => {
    let asked = 0;
    const call = llmFetch({
      attemptTimeout: 5,
      random: () => 0,
      fetch: cuttable((_, __, cut) => {
        if (++asked > 1) return Promise.resolve(new Response('{"choices":[]}', { headers: HEADERS }));
        return new Promise((___, reject) => void cut.onAbort(() => reject(cut.reason)));
      }),
    });

    expect((await call(URL, REQUEST)).status).toBe(200);
    expect(asked).toBe(2);
  });
});
