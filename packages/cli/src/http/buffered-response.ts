import type { WholeResponse } from "@bide/llm";

/** What an answer begins with. */
export interface AnswerHead {
  readonly status: number;
  readonly headers: Headers;
}

const decoder = new TextDecoder();

/**
 * A response whose body has come whole. Text and bytes are made from it at once; a stream of it, which costs more than all the
 * rest of a request, only for whoever asks for one.
 */
export class BufferedResponse extends Response implements WholeResponse {
  readonly wholeBody: Uint8Array<ArrayBuffer>;
  readonly #head: AnswerHead;
  #isUsed = false;
  #text: string | undefined;
  /** Answers in its place from when its stream was asked for. */
  #streamed: Response | undefined;

  constructor(body: Uint8Array<ArrayBuffer>, head: AnswerHead) {
    super(null);
    this.wholeBody = body;
    this.#head = head;
  }

  get wholeText(): string {
    this.#text ??= decoder.decode(this.wholeBody);
    return this.#text;
  }

  override get status(): number {
    return this.#head.status;
  }

  override get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  override get headers(): Headers {
    return this.#head.headers;
  }

  override get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    return this.#stream().body;
  }

  override get bodyUsed(): boolean {
    return this.#streamed?.bodyUsed ?? this.#isUsed;
  }

  override async text(): Promise<string> {
    if (this.#streamed) return this.#streamed.text();
    this.#use();
    return this.wholeText;
  }

  override async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    return this.#stream().arrayBuffer();
  }

  override async blob(): Promise<Blob> {
    return this.#stream().blob();
  }

  override async formData(): Promise<FormData> {
    return this.#stream().formData();
  }

  override clone(): Response {
    return this.#stream().clone();
  }

  #use(): void {
    if (this.#isUsed) throw new TypeError("Body is unusable: Body has already been read");
    this.#isUsed = true;
  }

  #stream(): Response {
    if (this.#streamed === undefined) {
      this.#streamed = new Response(this.wholeBody, this.#head);
      // Text was taken from it already.
      if (this.#isUsed) void this.#streamed.body?.cancel();
    }
    return this.#streamed;
  }
}
