import { describe, expect, it } from "vitest";
import { type ChunkSink, type ChunkSource, streamOf as directStreamOf } from "./direct-iteration.js";

/** Hands out what it was given, one for each that is asked for; an error ends it. */
class Listed implements ChunkSource {
  readonly cancelled: unknown[] = [];
  asked = 0;
  readonly #items: (Uint8Array | Error)[];

  constructor(...items: (Uint8Array | Error)[]) {
    this.#items = items;
  }

  pull(sink: ChunkSink): void {
    this.asked++;
    queueMicrotask(() => {
      const item = this.#items.shift();
      if (item === undefined) sink.close();
      else if (item instanceof Error) sink.error(item);
      else sink.enqueue(item);
    });
  }

  async cancel(reason: unknown): Promise<void> {
    this.cancelled.push(reason);
  }
}

/** The same without the short way: what the rules are taken from. */
function hostStreamOf(source: ChunkSource): ReadableStream<Uint8Array> {
  const pulled: UnderlyingDefaultSource<Uint8Array> = {
    pull: (controller) => source.pull(controller),
    cancel: (reason) => source.cancel(reason),
  };
  return new ReadableStream(pulled, { highWaterMark: 0 });
}

const [A, B, C] = [Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)];
const DONE = { done: true, value: undefined };

async function collected(stream: AsyncIterable<Uint8Array>, most = Number.POSITIVE_INFINITY): Promise<Uint8Array[]> {
  const seen: Uint8Array[] = [];
  for await (const chunk of stream) {
    seen.push(chunk);
    if (seen.length === most) break;
  }
  return seen;
}

describe.each([
  ["a stream of ours", directStreamOf],
  ["a stream of the host", hostStreamOf],
])("%s", (_, streamOf) => {
  it("that is iterated gives every chunk once, in order, and asks for one at a time", async () => {
    const source = new Listed(A, B, C);
    const stream = streamOf(source);
    expect(source.asked).toBe(0);
    const chunks = stream[Symbol.asyncIterator]();
    await expect(chunks.next()).resolves.toEqual({ done: false, value: A });
    expect(source.asked).toBe(1);
    await expect(chunks.next()).resolves.toEqual({ done: false, value: B });
    await expect(chunks.next()).resolves.toEqual({ done: false, value: C });
    await expect(chunks.next()).resolves.toEqual(DONE);
    await expect(chunks.next()).resolves.toEqual(DONE);
  });

  it("is locked meanwhile, and closed and free afterwards", async () => {
    const stream = streamOf(new Listed(A));
    const chunks = stream.values();
    expect(stream.locked).toBe(true);
    expect(() => stream.getReader()).toThrow(TypeError);
    expect(() => stream[Symbol.asyncIterator]()).toThrow(TypeError);
    expect(await collected({ [Symbol.asyncIterator]: () => chunks })).toEqual([A]);
    expect(stream.locked).toBe(false);
    await expect(stream.getReader().read()).resolves.toEqual(DONE);
  });

  it("throws what breaks it, once, and shows it to whoever reads later", async () => {
    const broken = new Error("broken");
    const stream = streamOf(new Listed(A, broken));
    const chunks = stream.values();
    await chunks.next();
    await expect(chunks.next()).rejects.toBe(broken);
    await expect(chunks.next()).resolves.toEqual(DONE);
    await expect(stream.getReader().read()).rejects.toBe(broken);
  });

  it("is cancelled by whoever leaves early", async () => {
    const source = new Listed(A, B, C);
    const stream = streamOf(source);
    expect(await collected(stream, 2)).toEqual([A, B]);
    expect(source.cancelled).toEqual([undefined]);
    expect(stream.locked).toBe(false);
    await expect(stream.getReader().read()).resolves.toEqual(DONE);
  });

  it("serves those who ask all at once in turn, and a leave after them", async () => {
    const source = new Listed(A, B, C);
    const chunks = streamOf(source).values();
    const asked = [chunks.next(), chunks.next(), chunks.return?.("enough" as never), chunks.next()];
    expect(await Promise.all(asked)).toEqual([
      { done: false, value: A },
      { done: false, value: B },
      { done: true, value: "enough" },
      DONE,
    ]);
    expect(source.cancelled).toEqual(["enough"]);
  });

  it("goes on where an iteration left it that was not to cancel", async () => {
    const source = new Listed(A, B, C);
    const stream = streamOf(source);
    const values = stream.values({ preventCancel: true });
    await values.next();
    await values.return?.();
    expect(await collected(stream)).toEqual([B, C]);
    expect(source.cancelled).toEqual([]);
  });

  it("is an ordinary stream to everybody else", async () => {
    const reader = streamOf(new Listed(A, B)).getReader();
    await expect(reader.read()).resolves.toEqual({ done: false, value: A });
    const response = new Response(streamOf(new Listed(A, B, C)));
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(Uint8Array.of(1, 2, 3));
    const [left, right] = streamOf(new Listed(A, B)).tee();
    expect(await Promise.all([collected(left), collected(right)])).toEqual([
      [A, B],
      [A, B],
    ]);
  });
});
