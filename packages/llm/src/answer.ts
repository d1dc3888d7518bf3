/** How much of an error body is read before deciding what it means. */
const MOST_READ = 64 * 1024;

/** An answer that was read from its stream, far enough to know what it means, and can be handed on as if it had not been. */
export interface ReadAnswer {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
  readonly url: string;
  readonly head: Uint8Array;
  /** What is left of a body that is longer. */
  readonly rest: Rest | undefined;
}

/** The part of a body that has not been read. */
export type Rest = Pick<ReadableStreamDefaultReader<Uint8Array>, "read" | "cancel">;

/** Reads up to `limit` bytes of a body. A body that breaks on the way is as long as what came. */
export async function readAnswer(response: Response, limit: number = MOST_READ): Promise<ReadAnswer> {
  const { status, statusText, headers, url } = response;
  const reader: ReadableStreamDefaultReader<Uint8Array> | undefined = response.body?.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  let isWhole = reader === undefined;
  while (reader && size < limit && !isWhole) {
    const next = await reader.read().catch(() => ({ done: true, value: undefined }) as const);
    isWhole = next.done;
    if (next.value) {
      chunks.push(next.value);
      size += next.value.length;
    }
  }
  return { status, statusText, headers, url, head: joined(chunks, size), rest: isWhole ? undefined : reader };
}

/** The text of what was read. */
export function textOfAnswer({ head }: ReadAnswer): string {
  return new TextDecoder().decode(head.subarray(0, MOST_READ));
}

/** Lets go of an answer that nobody will read. */
export function discard({ rest }: ReadAnswer): void {
  rest?.cancel().catch(ignore);
}

/** The same without what only one reader can have: for answering several callers. */
export function withoutRest(answer: ReadAnswer): ReadAnswer {
  return { ...answer, rest: undefined };
}

/** A response as the provider sent it, with these headers on top. */
export function responseOf(answer: ReadAnswer, extra: Readonly<Record<string, string>> = {}): Response {
  const headers = new Headers(answer.headers);
  for (const [name, value] of Object.entries(extra)) headers.set(name, value);
  const { status, statusText, url } = answer;
  return locate(new Response(bodyOf(answer), { status, statusText, headers }), url);
}

/** Responses that were made have no address of their own. */
export function locate(response: Response, url: string): Response {
  return url === "" ? response : Object.defineProperty(response, "url", { value: url, configurable: true });
}

const BODILESS: ReadonlySet<number> = new Set([101, 204, 205, 304]);

function bodyOf({ status, head, rest }: ReadAnswer): BodyInit | null {
  if (BODILESS.has(status)) return null;
  if (rest === undefined) return head as Uint8Array<ArrayBuffer>;
  const source: UnderlyingDefaultSource<Uint8Array> = {
    start: (controller) => controller.enqueue(head),
    pull: async (controller) => {
      const { done, value } = await rest.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => rest.cancel(reason),
  };
  return new ReadableStream(source, { highWaterMark: 0 });
}

/** Chunks in one piece. */
export function joined(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const [only] = chunks;
  if (only && chunks.length === 1) return only;
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}

function ignore(): void {}
