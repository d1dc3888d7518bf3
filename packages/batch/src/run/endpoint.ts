import { Quota, type QuotaOptions } from "@bide/llm";
import { OptionError } from "bide";
import { optionError } from "bide/kit";
import { isObject } from "../formats/json.js";
import type { EndpointSettings } from "../journal/records.js";

/** Where requests go and what goes with each. */
export interface Endpoint {
  /** As OpenAI's clients take it: with the version, for instance `https://api.openai.com/v1`. */
  readonly baseUrl: string;
  /** Sent as `Authorization: Bearer`. @default none */
  readonly apiKey?: string | undefined;
  /** Further headers; they win over those that are sent by default. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** What the key may spend on each model. @default none: learned from the answers */
  readonly quota?: QuotaOptions | Quota | undefined;
  /** How the endpoint speaks, for hosts that do not give it away. @default detected */
  readonly dialect?: string | undefined;
}

/** The address of a request: the `url` of a Batch line names the version too, which the base URL has already. */
export function addressOf(baseUrl: string, url: string): string {
  return baseUrl.replace(/\/+$/, "") + url.replace(/^\/v1(?=\/)/, "");
}

/** The headers of every request to an endpoint. */
export function headersOf({ apiKey, headers }: Pick<Endpoint, "apiKey" | "headers">): Record<string, string> {
  return {
    "content-type": "application/json",
    ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
    ...headers,
  };
}

/** The endpoints of a run: one that is told in place, or a list. @throws OptionError for none, both, or no address. */
export function endpointsOf(
  options: Partial<Endpoint> & { readonly endpoints?: readonly Endpoint[] | undefined },
): readonly Endpoint[] {
  const { baseUrl, apiKey, headers, quota, dialect, endpoints } = options;
  if ((baseUrl === undefined) === (endpoints === undefined)) {
    throw optionError("baseUrl", "one address, or `endpoints` in its place", baseUrl);
  }
  const all = endpoints ?? [{ baseUrl: baseUrl ?? "", apiKey, headers, quota, dialect }];
  if (all.length === 0) throw optionError("endpoints", "at least one endpoint", endpoints);
  for (const endpoint of all) {
    if (!isObject(endpoint)) throw optionError("endpoints", "a list of endpoints, each with its `baseUrl`", endpoint);
    if (!/^https?:/i.test(endpoint.baseUrl) || !URL.canParse(endpoint.baseUrl))
      throw optionError("baseUrl", "an address with http:// or https://", endpoint.baseUrl);
    checkHeaders(endpoint);
  }
  return all;
}

/** Every request would fail of it. The messages repeat no value: it may be a secret. */
function checkHeaders({ apiKey = "", headers = {} }: Endpoint): void {
  const found = "got one with a sign that no header may have, such as a line end";
  if (!isHeader("authorization", `Bearer ${apiKey}`))
    throw new OptionError("apiKey", `expected \`apiKey\` to be a key, ${found}`);
  for (const [name, value] of Object.entries(headers)) {
    if (isHeader(name, value)) continue;
    throw new OptionError("headers", `expected \`headers\` to be names and values, ${found}: ${JSON.stringify(name)}`);
  }
}

function isHeader(name: string, value: string): boolean {
  try {
    return new Headers([[name, value]]).has(name);
  } catch {
    return false;
  }
}

/** The limits per minute that the caller told, where the quota is not one that is shared. */
export function toldLimits({ quota }: Pick<Endpoint, "quota">): Pick<QuotaOptions, "rpm" | "tpm" | "burst"> {
  return quota === undefined || quota instanceof Quota ? {} : quota;
}

/** What the journal may know of an endpoint. */
export function settingsOf(endpoint: Endpoint): EndpointSettings {
  const { rpm, tpm } = toldLimits(endpoint);
  return { host: new URL(endpoint.baseUrl).host, ...(rpm !== undefined && { rpm }), ...(tpm !== undefined && { tpm }) };
}
