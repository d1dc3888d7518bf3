import { signalOf } from "../cancellation.js";
import type { Attempt } from "../outcome.js";

/** Makes a body anew, for each attempt: the way to send a stream more than once. */
export type BodyMaker = () => BodyInit | PromiseLike<BodyInit>;

/** What `fetch` takes as its second argument; the body may also be a function that makes it. */
export interface RetryingRequestInit extends Omit<RequestInit, "body"> {
  /**
   * A string, buffer, Blob, FormData or URLSearchParams is sent as often as needed. A stream can be read once, so a request
   * with one is sent once; give a function that opens it, called before each attempt, and it is retried like any other.
   */
  readonly body?: BodyInit | BodyMaker | null | undefined;
}

/** The arguments of one call, and what can be told from them before anything is sent. */
export class OutgoingRequest {
  readonly method: string;
  /** The caller's signal, the one that `fetch` itself would heed. */
  readonly signal: AbortSignal | undefined;
  readonly #input: RequestInfo | URL;
  readonly #init: RetryingRequestInit | undefined;
  readonly #request: Request | undefined;

  constructor(input: RequestInfo | URL, init: RetryingRequestInit | undefined) {
    this.#input = input;
    this.#init = init;
    this.#request = typeof input === "object" && "clone" in input ? input : undefined;
    this.method = (init?.method ?? this.#request?.method ?? "GET").toUpperCase();
    const signal = init?.signal === undefined ? this.#request?.signal : init.signal;
    this.signal = signal ?? undefined;
  }

  /** A request's own body is a stream as well, but one that `clone` copies. */
  get isReplayable(): boolean {
    return !isStream(this.#init?.body);
  }

  has(header: string): boolean {
    return new Headers(this.#init?.headers ?? this.#request?.headers).has(header);
  }

  /**
   * What to give to `fetch`: the caller's own arguments, untouched, wherever they serve.
   *
   * @param signal Takes the place of the caller's, where it is given.
   * @param keepsBody Leaves the body of a `Request` in place, for another attempt.
   */
  async forAttempt(signal: AbortSignal | undefined, keepsBody: boolean): Promise<Parameters<typeof fetch>> {
    const { body, ...rest } = this.#init ?? {};
    if (typeof body === "function") {
      const made = await body();
      return [this.#input, { ...rest, ...(signal && { signal }), ...(isStream(made) && HALF_DUPLEX), body: made }];
    }
    const init = signal ? { ...this.#init, signal } : this.#init;
    return [keepsBody && !body ? this.#copy() : this.#input, init as RequestInit | undefined];
  }

  #copy(): RequestInfo | URL {
    return this.#request && this.#request.body !== null ? this.#request.clone() : this.#input;
  }
}

/** Hosts want to be told that a streamed body ends before the answer begins. */
const HALF_DUPLEX = { duplex: "half" };

/** Whether a body can be read only once: a web stream, a Node stream, or another async iterable. */
function isStream(body: unknown): boolean {
  return typeof body === "object" && body !== null && ("getReader" in body || Symbol.asyncIterator in body);
}

/** One signal of several, each of which may be missing; `undefined` where `given` alone says it all. */
export function signalBeside(
  given: AbortSignal | undefined,
  attempt: Attempt | undefined,
  policy: AbortSignal | undefined,
): AbortSignal | undefined {
  const others = [attempt?.signal, policy].filter((signal) => signal !== undefined);
  if (others.length === 0) return undefined;
  return signalOf(given ? [given, ...others] : others);
}
