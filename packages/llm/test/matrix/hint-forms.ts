/** The ways in which a server says how long to wait, and two in which it says nothing sensible. */
export type HintForm =
  | "retry-after-ms"
  | "x-ms-retry-after-ms"
  | "retry-after in seconds"
  | "retry-after as a date"
  | "RetryInfo in the body"
  | "words in the body"
  | "reset header"
  | "garbage"
  | "three days";

const HINTS = /^(x-ms-)?retry-after|^(x|anthropic)-ratelimit-/;
const THREE_DAYS_S = 3 * 86_400;

/**
 * A `fetch` whose 429s tell their wait in one form only: what the emulator says in its own forms is taken out, there and in its
 * other answers, from which the limit could be known before it is hit.
 *
 * @param onRefusal Called at each 429.
 */
export function inForm(form: HintForm, fetch: typeof globalThis.fetch, onRefusal: () => void): typeof globalThis.fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    const headers = new Headers([...response.headers].filter(([name]) => !HINTS.test(name)));
    if (response.status !== 429) return new Response(response.body, { status: response.status, headers });
    onRefusal();
    const body: unknown = await response.json();
    const waitMs = waitOf(response.headers, JSON.stringify(body));
    headers.delete("content-length");
    for (const [name, value] of headersOf(form, waitMs, headers)) headers.set(name, value);
    return new Response(JSON.stringify(told(body, form, waitMs)), { status: 429, headers });
  };
}

function waitOf(headers: Headers, text: string): number {
  const ms = headers.get("retry-after-ms") ?? /"retryDelay":"([\d.]+)s"/.exec(text)?.[1];
  if (headers.has("retry-after-ms")) return Number(ms);
  return 1000 * Number(headers.get("retry-after") ?? ms);
}

function headersOf(form: HintForm, waitMs: number, headers: Headers): readonly (readonly [string, string])[] {
  const seconds = Math.ceil(waitMs / 1000);
  switch (form) {
    case "retry-after-ms":
    case "x-ms-retry-after-ms":
      return [[form, String(waitMs)]];
    case "retry-after in seconds":
      return [["retry-after", String(seconds)]];
    case "retry-after as a date": {
      // By the server's clock, which need not be the caller's.
      const serverNowMs = Date.parse(headers.get("date") ?? "");
      return [["retry-after", new Date(serverNowMs + seconds * 1000).toUTCString()]];
    }
    case "reset header":
      return [
        ["x-ratelimit-remaining-requests", "0"],
        ["x-ratelimit-reset-requests", `${seconds}s`],
      ];
    case "garbage":
      return [["retry-after", "soon"]];
    case "three days":
      return [["retry-after", String(THREE_DAYS_S)]];
    default:
      return [];
  }
}

/** The error body without its own waits, and with one where the form stands in the body. */
function told(body: unknown, form: HintForm, waitMs: number): unknown {
  const { error, ...rest } = body as { readonly error: Readonly<Record<string, unknown>> };
  const seconds = waitMs / 1000;
  const bare = String(error["message"]).replace(/ Please (try again|retry) in [\w.]+\./, "");
  const message = form === "words in the body" ? `${bare} Please try again in ${seconds}s.` : bare;
  const info = { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: `${seconds}s` };
  const details = form === "RetryInfo in the body" ? { details: [info] } : {};
  const { details: _, ...others } = error;
  return { ...rest, error: { ...others, message, ...details } };
}
