/** A request that can be sent again. */
export interface PreparedRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  /** Everything that the underlying `fetch` gets, but for the signal. */
  readonly init: RequestInit;
  readonly body: RequestInit["body"];
  /** Whether the body can be read twice: streams cannot, and are sent once. */
  readonly isReplayable: boolean;
  readonly signal: AbortSignal | undefined;
}

/** One header field. */
export interface Header {
  readonly name: string;
  readonly value: string;
}

/** The same request with one header more. */
export function withHeader(request: PreparedRequest, { name, value }: Header): PreparedRequest {
  const headers = new Headers(request.headers);
  headers.set(name, value);
  return { ...request, headers, init: { ...request.init, headers } };
}

/** Takes the arguments of a `fetch` apart. A `Request` is read whole, so that it can be sent again: only that takes time. */
export function prepare(input: RequestInfo | URL, init: RequestInit = {}): PreparedRequest | Promise<PreparedRequest> {
  if (input instanceof Request) {
    const given = init.headers === undefined ? init : { ...init, headers: headersOf(init.headers) };
    return prepareRequest(new Request(input, given));
  }
  const { signal, ...rest } = init;
  return {
    url: String(input),
    method: init.method ?? "GET",
    headers: headersOf(init.headers),
    init: rest,
    body: init.body,
    isReplayable: isReplayable(init.body),
    signal: signal ?? undefined,
  };
}

/** The platform's own error repeats the value, which may be a key. */
function headersOf(given: RequestInit["headers"]): Headers {
  try {
    return new Headers(given);
  } catch {
    throw new TypeError("a header of the request has a name or a value that HTTP does not allow");
  }
}

async function prepareRequest(request: Request): Promise<PreparedRequest> {
  const { url, method, headers, signal, redirect, credentials, cache, referrerPolicy, integrity, keepalive } = request;
  const body = request.body === null ? null : new Uint8Array(await request.arrayBuffer());
  const init = { method, headers, body, redirect, credentials, cache, referrerPolicy, integrity, keepalive };
  return { url, method, headers, init, body, isReplayable: true, signal };
}

function isReplayable(body: RequestInit["body"]): boolean {
  if (typeof body !== "object" || body === null) return true;
  if (body instanceof URLSearchParams || body instanceof FormData || body instanceof Blob) return true;
  return body instanceof ArrayBuffer || ArrayBuffer.isView(body);
}
