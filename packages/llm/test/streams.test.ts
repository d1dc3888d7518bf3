import { virtualClock } from "bide/testing";
import { describe, expect, test } from "vitest";
import { type LlmOptions, llmFetch, StreamInterruptedError } from "../src/index.js";
import { chat, DONE, delta, OPENING, type Step, scripted, stream, told } from "./scripted.js";

const CUT = new TypeError("terminated");

function setup(steps: readonly Step[], options: LlmOptions = {}) {
  const clock = virtualClock();
  const server = scripted(clock, ...steps);
  const fetch = llmFetch({ clock, fetch: server, random: () => 0.5, ...options });
  return { clock, server, fetch, events: collect(fetch) };
}

function collect(fetch: ReturnType<typeof llmFetch>): string[] {
  const types: string[] = [];
  fetch.bide.on(({ type }) => types.push(type));
  return types;
}

/** Everything that comes out of a stream, and what ends it. */
async function drain(response: Promise<Response>): Promise<{ text: string; error: unknown }> {
  const decoder = new TextDecoder();
  let text = "";
  try {
    const reader: ReadableStreamDefaultReader<Uint8Array> | undefined = (await response).body?.getReader();
    for (let next = await reader?.read(); next?.value; next = await reader?.read()) {
      text += decoder.decode(next.value, { stream: true });
    }
    return { text, error: undefined };
  } catch (error) {
    return { text, error };
  }
}

describe("until the first content of a stream", () => {
  test.each([
    ["the connection breaks", stream([OPENING], CUT)],
    ["it ends", stream([OPENING])],
    ["it is empty", stream([])],
    ["an error event comes", stream(['event: error\ndata: {"type":"error","error":{"type":"overloaded_error"}}\n\n'])],
    ["an error chunk comes", stream(['data: {"error":{"message":"x","type":"server_error","code":null}}\n\n'])],
    ["an event is no JSON", stream([OPENING, 'data: {"choices":[{"del\n\n'])],
    ["it falls silent", stream([OPENING, ": keep-alive\n\n"], "hang")],
  ])("it is opened again when %s", async (_, broken) => {
    const { clock, fetch, server } = setup([broken, stream(told("Hello", "!"))], { timeouts: { firstEvent: "5s" } });

    const { text, error } = await clock.run(drain(fetch(...chat({ stream: true }))));

    expect({ text, error }).toEqual({ text: told("Hello", "!").join(""), error: undefined });
    expect(server.requests).toHaveLength(2);
  });

  test("content and error in one chunk is a stream that nobody has seen anything of", async () => {
    const broken = stream([`${OPENING}${delta("Hel")}data: {"error":{"type":"server_error"}}\n\n`]);
    const { clock, fetch } = setup([broken, stream(told("Hello"))]);

    expect((await clock.run(drain(fetch(...chat({ stream: true }))))).text).toBe(told("Hello").join(""));
  });

  test("the last error event reaches the client as it came, when the attempts are used up", async () => {
    const event = 'data: {"error":{"message":"x","type":"server_error","code":null}}\n\n';
    const { clock, fetch } = setup([stream([OPENING, event])], { maxAttempts: 2 });

    const response = await clock.run(fetch(...chat({ stream: true })));

    expect(response.headers.get("x-should-retry")).toBe("false");
    expect(await response.text()).toBe(OPENING + event);
  });
});

describe("the end of a call that failed", () => {
  test("is not held up by what comes after an error event, or does not", async () => {
    const event = 'data: {"error":{"message":"x","type":"server_error","code":null}}\n\n';
    const { clock, fetch } = setup([stream([event], "hang")], { maxAttempts: 1 });

    expect(await clock.run(fetch(...chat({ stream: true })).then((response) => response.text()))).toBe(event);
    expect(clock.pending).toBe(0);
  });

  test.each([
    ["stalls", undefined, "no body within 120000 ms"],
    ["is left by the caller", "enough", "enough"],
  ])("bounds the rest of a long error body that %s", async (_, reason, expected) => {
    const long: Step = async (request) => {
      const { body } = await stream(["x".repeat(100_000)], "hang")(request);
      return new Response(body, { status: 400 });
    };
    const { clock, fetch } = setup([long]);
    const caller = new AbortController();
    const [url, init] = chat();
    const response = await clock.run(fetch(url, { ...init, signal: caller.signal }));
    const reading = expect(clock.run(response.text().catch((error: unknown) => String(error)))).resolves.toContain(
      expected,
    );

    if (reason) caller.abort(reason);

    await reading;
    expect(clock.pending).toBe(0);
  });
});

describe("after the first content of a stream", () => {
  const start = [OPENING, delta("Hel"), delta("lo")];
  const error = 'data: {"error":{"message":"x","type":"overloaded_error"}}\n\n';

  test.each([
    ["cut", stream(start, CUT)],
    ["truncated", stream(start)],
    ["stalled", stream([...start, ": keep-alive\n\n"], "hang")],
    ["error-event", stream([...start, error])],
    ["malformed", stream([...start, 'data: {"choices":[{"de\n\n'])],
  ])("a break is a typed error with the text so far: %s", async (reason, broken) => {
    const { clock, fetch, server, events } = setup([broken]);

    const drained = await clock.run(drain(fetch(...chat({ stream: true }))));

    expect(drained.error).toBeInstanceOf(StreamInterruptedError);
    expect(drained.error).toMatchObject({ reason, partial: "Hello" });
    expect(drained.text.startsWith(start.join(""))).toBe(true);
    expect(server.requests).toHaveLength(1);
    expect(events).toContain("stream-interrupted");
  });

  test("an error event says what it means, and nothing of it is handed on", async () => {
    const { clock, fetch } = setup([stream([OPENING, delta("Hel"), `${delta("lo")}${error}`])]);

    const drained = await clock.run(drain(fetch(...chat({ stream: true }))));

    expect(drained.text).toBe(start.join(""));
    expect(drained.error).toMatchObject({ reason: "error-event", decision: { class: "overload" } });
  });

  test("a finish reason is enough of an end, with or without [DONE]", async () => {
    const { clock, fetch } = setup([stream([...start, delta(undefined, "stop")])]);

    expect((await clock.run(drain(fetch(...chat({ stream: true }))))).error).toBeUndefined();
  });

  test("what the connection does after the last event is nobody's concern", async () => {
    const { clock, fetch } = setup([stream([...start, delta(undefined, "stop"), DONE], CUT)]);

    expect((await clock.run(drain(fetch(...chat({ stream: true }))))).error).toBeUndefined();
  });

  test("a dialect may leave the end out", async () => {
    const { clock, fetch } = setup([stream(start)], { dialect: "ollama" });

    expect((await clock.run(drain(fetch(...chat({ stream: true }))))).error).toBeUndefined();
  });

  test("the deadline still counts", async () => {
    const { clock, fetch } = setup([stream(start, "hang")], { deadline: "7s" });

    const { error: broken } = await clock.run(drain(fetch(...chat({ stream: true }))));

    expect(broken).toMatchObject({ reason: "deadline", partial: "Hello" });
    expect(clock.nowMs()).toBe(7000);
  });

  test("a reader that takes its time is no stall", async () => {
    const { clock, fetch } = setup([stream(told("Hello"))], { timeouts: { betweenEvents: "1s" } });

    const response = await clock.run(fetch(...chat({ stream: true })));
    await clock.advance("1h");

    expect(await response.text()).toBe(told("Hello").join(""));
  });

  test("an abort reaches the reader as the caller's own reason, and nothing is left", async () => {
    const { clock, fetch } = setup([stream(start, "hang")]);
    const caller = new AbortController();
    const [url, init] = chat({ stream: true });
    const response = await clock.run(fetch(url, { ...init, signal: caller.signal }));
    const draining = drain(Promise.resolve(response));
    await clock.advance(10);

    caller.abort("enough");

    expect((await draining).error).toBe("enough");
    expect(clock.pending).toBe(0);
  });
});

describe("a stream", () => {
  test("passes through byte by byte, wherever its chunks are cut", async () => {
    const whole = new TextEncoder().encode(`: hi\r\n\r\n${told("Łódź ", "東京 ", "😀").join("")}`);
    for (let size = 1; size < 40; size++) {
      const chunks = Array.from({ length: Math.ceil(whole.length / size) }, (_, i) =>
        whole.subarray(i * size, (i + 1) * size),
      );
      const { clock, fetch } = setup([stream(chunks)]);
      const response = await clock.run(fetch(...chat({ stream: true })));
      expect(new Uint8Array(await response.arrayBuffer())).toEqual(whole);
    }
  });

  test("is read no further than its reader asks", async () => {
    let read = 0;
    const events = told(..."abcdefgh");
    const counted: Step = () => {
      const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
        const event = events[read++];
        if (event === undefined) controller.close();
        else controller.enqueue(new TextEncoder().encode(event));
      };
      const body = new ReadableStream({ pull }, { highWaterMark: 0 });
      return new Response(body, { headers: { "content-type": "text/event-stream" } });
    };
    const { clock, fetch } = setup([counted]);

    const response = await clock.run(fetch(...chat({ stream: true })));
    await clock.advance("1s");

    // The opening, and the first content, which the peek was for.
    expect(read).toBe(2);
    await response.body?.cancel();
  });

  test("with `buffered` is read to its end first, so that a break anywhere is retried", async () => {
    const broken = stream([OPENING, delta("Hel"), delta("lo")], CUT);
    const { clock, fetch, server } = setup([broken, broken, stream(told("Hello"))], { buffered: true });

    const response = await clock.run(fetch(...chat({ stream: true })));

    expect(await response.text()).toBe(told("Hello").join(""));
    expect(server.requests).toHaveLength(3);
  });

  test.each([
    ["the end", false],
    ["a cancel", true],
  ])("leaves no timer behind after %s", async (_, isCancelled) => {
    const { clock, fetch } = setup([stream(told("Hello"))], { deadline: "1h" });
    const response = await clock.run(fetch(...chat({ stream: true })));

    if (isCancelled) await response.body?.cancel();
    else await response.text();

    expect(clock.pending).toBe(0);
  });
});
