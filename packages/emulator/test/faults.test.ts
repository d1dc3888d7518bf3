import { describe, expect, test } from "vitest";
import { type EmulatorOptions, emulatorFetch, startEmulator } from "../src/index.js";

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** What a caller sees: status and text, or how far it came and what broke. */
interface Seen {
  readonly status: number | undefined;
  readonly text: string;
  readonly broken: string | undefined;
}

function body(stream: boolean): RequestInit {
  const ask = {
    model: "m",
    stream,
    stream_options: { include_usage: true },
    messages: [{ role: "user", content: "hi" }],
  };
  return { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(ask) };
}

async function see(fetchIt: Fetch, url: string, stream: boolean): Promise<Seen> {
  let status: number | undefined;
  let text = "";
  const decoder = new TextDecoder();
  try {
    const response = await fetchIt(url, body(stream));
    status = response.status;
    for await (const bytes of response.body ?? []) text += decoder.decode(bytes, { stream: true });
    return { status, text, broken: undefined };
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    return { status, text, broken: `${error instanceof Error ? error.message : ""} ${code}` };
  }
}

/** The same request through a socket and in process: what is seen must be the same. */
async function seeBoth(options: EmulatorOptions, stream: boolean): Promise<Seen> {
  await using emulator = await startEmulator(options);
  const wired = await see(fetch, `${emulator.baseUrl}/chat/completions`, stream);
  const inProcess = emulatorFetch(options);
  expect(await see(inProcess, "http://emulator.test/v1/chat/completions", stream)).toEqual(wired);
  expect(inProcess.log().map(({ verdict, fault, status }) => [verdict, fault, status])).toEqual(
    emulator.log().map(({ verdict, fault, status }) => [verdict, fault, status]),
  );
  return wired;
}

function contents(text: string): number {
  return text.match(/"content":"[^"]/g)?.length ?? 0;
}

describe("through a socket and in process alike", () => {
  test.each([
    ["408", 408],
    ["409", 409],
    ["500", 500],
    ["502", 502],
    ["503", 503],
    ["504", 504],
    ["529", 529],
    ["slow-down", 429],
    ["error-200", 200],
  ])("%s answers with status %d and an error", async (fault, status) => {
    const seen = await seeBoth({ faults: [fault] }, false);
    expect(seen).toMatchObject({ status, broken: undefined });
    expect(seen.text).toMatch(fault === "502" ? /^<html>/ : /^\{"error":/);
  });

  test("reset cuts the connection before the headers", async () => {
    expect(await seeBoth({ faults: ["reset"] }, false)).toEqual({
      status: undefined,
      text: "",
      broken: "fetch failed ECONNRESET",
    });
  });

  test("reset-body cuts it after half an answer, or before chunk k of a stream", async () => {
    const whole = await seeBoth({}, false);
    const half = await seeBoth({ faults: ["reset-body"] }, false);
    expect(half).toMatchObject({ status: 200, broken: "terminated UND_ERR_SOCKET" });
    expect(half.text).toBe(whole.text.slice(0, Math.floor(whole.text.length / 2)));
    expect(await seeBoth({ faults: ["reset-body"], latency: "10ms" }, false)).toEqual(half);
    const stream = await seeBoth({ faults: ["reset-body@3"] }, true);
    expect(stream.broken).toBe("terminated UND_ERR_SOCKET");
    expect(contents(stream.text)).toBe(3);
  });

  test("truncate ends properly, with neither finish reason nor [DONE]", async () => {
    const stream = await seeBoth({ faults: ["truncate@3"] }, true);
    expect(stream).toMatchObject({ status: 200, broken: undefined });
    expect(contents(stream.text)).toBe(3);
    expect(stream.text).not.toMatch(/"finish_reason":"|\[DONE\]/);
    const half = await seeBoth({ faults: ["truncate"] }, false);
    expect(() => JSON.parse(half.text)).toThrow(SyntaxError);
  });

  test("error-frame puts an error behind k chunks", async () => {
    const stream = await seeBoth({ faults: ["error-frame@2"] }, true);
    expect(contents(stream.text)).toBe(2);
    expect(stream.text).toMatch(/data: \{"error":\{[^\n]*\}\}\n\n$/);
  });

  test("no-done leaves out [DONE] and nothing else", async () => {
    const whole = await seeBoth({}, true);
    const stream = await seeBoth({ faults: ["no-done"] }, true);
    expect(`${stream.text}data: [DONE]\n\n`).toBe(whole.text);
  });

  test("malformed-chunk breaks the JSON of one chunk", async () => {
    const stream = await seeBoth({ faults: ["malformed-chunk@1"] }, true);
    const broken = stream.text.split("\n\n").filter((frame) => frame.startsWith("data: {") && !frame.endsWith("}"));
    expect(broken).toHaveLength(1);
  });

  test("split-utf8 changes packets, never bytes", async () => {
    const whole = await seeBoth({}, true);
    expect((await seeBoth({ faults: ["split-utf8"] }, true)).text).toBe(whole.text);
  });

  test("empty-choices adds a first chunk without choices", async () => {
    const whole = await seeBoth({}, true);
    const stream = await seeBoth({ faults: ["empty-choices"] }, true);
    const first = stream.text.slice(0, stream.text.indexOf("\n\n") + 2);
    expect(first).toContain('"choices":[],');
    expect(stream.text).toBe(first + whole.text);
  });

  test("empty-choices adds nothing twice where there are no choices", async () => {
    const ask = (faults: readonly string[], path: string, body: object): Promise<string> =>
      emulatorFetch({ faults })(`http://emulator.test${path}`, {
        method: "POST",
        body: JSON.stringify(body),
      }).then((response) => response.text());
    const messages = [{ role: "user", content: "hi" }];
    const anthropic = { model: "m", max_tokens: 5, stream: true, messages };
    expect(await ask(["empty-choices"], "/v1/messages", anthropic)).toBe(await ask([], "/v1/messages", anthropic));
    const sse = "/v1beta/models/m:streamGenerateContent?alt=sse";
    const gemini = { contents: [{ parts: [{ text: "hi" }] }] };
    const whole = await ask([], sse, gemini);
    const extra = await ask(["empty-choices"], sse, gemini);
    expect(extra.endsWith(whole)).toBe(true);
    expect(extra.slice(0, extra.length - whole.length)).toMatch(/^data: \{"usageMetadata":.*\}\r\n\r\n$/);
  });

  test("duplicate-usage tells the usage twice", async () => {
    const stream = await seeBoth({ faults: ["duplicate-usage"] }, true);
    expect(stream.text.match(/"usage":\{/g)).toHaveLength(2);
  });
});

describe("what never comes to an end", () => {
  test.each([
    ["stall", false, 0],
    ["stall-body@2", true, 2],
    ["stall-comments@2", true, 2],
  ])("%s hangs until the caller leaves, and its place is free then", async (fault, stream, chunks) => {
    await using emulator = await startEmulator({ faults: [fault], inFlight: 1 });
    const leave = new AbortController();
    let text = "";
    const reading = (async () => {
      const response = await fetch(`${emulator.baseUrl}/chat/completions`, { ...body(stream), signal: leave.signal });
      for await (const bytes of response.body ?? []) {
        text += new TextDecoder().decode(bytes);
        leave.abort();
      }
    })();
    reading.catch(() => undefined);
    await expect.poll(() => emulator.log().length).toBe(1);
    if (chunks === 0) leave.abort();
    await expect(reading).rejects.toMatchObject({ name: "AbortError" });
    expect(contents(text)).toBe(chunks);
    await expect.poll(() => emulator.stats().inFlight).toBe(0);
    expect(emulator.log()[0]).toMatchObject({ verdict: "fault", endedAtMs: expect.any(Number) });
  });

  test("during an outage nobody listens, and afterwards the same port answers again", async () => {
    await using emulator = await startEmulator({ brownOuts: [{ from: 0, to: "1h", fault: "refuse" }] });
    const url = `${emulator.baseUrl}/models`;
    await expect.poll(() => fetch(url).catch((error) => error.cause.code)).toBe("ECONNREFUSED");
    emulator.scenario({ brownOuts: [] });
    await expect
      .poll(() =>
        fetch(url).then(
          ({ status }) => status,
          () => 0,
        ),
      )
      .toBe(200);
  });

  test("in process an outage is a refused connection", async () => {
    const call = emulatorFetch({ brownOuts: [{ from: 0, to: "1h", fault: "refuse" }] });
    const seen = await see(call, "http://emulator.test/v1/chat/completions", false);
    expect(seen.broken).toBe("fetch failed ECONNREFUSED");
    expect(call.log()[0]).toMatchObject({ verdict: "unreachable" });
  });
});
