/** Where requests go and what goes with each. */
export interface Endpoint {
  /** As OpenAI's clients take it: with the version, for instance `https://api.openai.com/v1`. */
  readonly baseUrl: string;
  /** Sent as `Authorization: Bearer`. @default none */
  readonly apiKey?: string | undefined;
  /** Further headers; they win over those that are sent by default. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** The address of a request: the `url` of a Batch line names the version too, which the base URL has already. */
export function addressOf(baseUrl: string, url: string): string {
  return baseUrl.replace(/\/+$/, "") + url.replace(/^\/v1(?=\/)/, "");
}

/** The headers of every request to an endpoint. */
export function headersOf({ apiKey, headers }: Endpoint): Record<string, string> {
  return {
    "content-type": "application/json",
    ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
    ...headers,
  };
}
