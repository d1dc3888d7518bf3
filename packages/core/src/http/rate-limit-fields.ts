import { checkHeaders, type HeaderFields } from "./retry-after.js";
import { type BareItem, type Item, parseItems } from "./structured-fields.js";

/** One quota, as a response tells of it. What the server did not say is `undefined`. */
export interface RateLimitQuota {
  /** The policy's name; `"default"` in the older forms of the fields, which have none. */
  readonly name: string;
  /** Units left. Not a promise that a request will be served. */
  readonly remaining: number | undefined;
  /** Milliseconds until more units are there, counted from the response. */
  readonly resetMs: number | undefined;
  /** Units in one window. */
  readonly quota: number | undefined;
  /** The length of the window, in milliseconds. */
  readonly windowMs: number | undefined;
  /** What is counted: `"requests"`, `"content-bytes"`, `"concurrent-requests"`, or a word of the server's own. */
  readonly unit: string;
  /** Whose quota it is, in base64, where the server keeps several. */
  readonly partitionKey: string | undefined;
}

/**
 * The quotas in the fields `RateLimit` and `RateLimit-Policy`, in the order in which they were sent: first those whose
 * state is known. Reads the form of the current draft (`"burst";r=50;t=30`) and the two that servers still send:
 * `limit=100, remaining=50, reset=5`, and `RateLimit-Limit`, `-Remaining` and `-Reset`.
 *
 * Never throws, whatever a server sends; every number is finite and >= 0. A field that is not well formed is as if it had not been sent, and
 * so are all of them in a response from a cache (`Age` above 0), since they tell of another time.
 *
 * @throws OptionError for headers that have no `get`.
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
 */
export function parseRateLimit(headers: HeaderFields): readonly RateLimitQuota[] {
  checkHeaders(headers);
  if (Number(headers.get("age")) > 0) return [];
  const states = read(headers, "ratelimit", stateOf);
  const policies = read(headers, "ratelimit-policy", policyOf);
  if (states.length + policies.length === 0) return olderForms(headers);
  const joined = states.map((state) => ({ ...policies.find((policy) => isOf(state, policy)), ...state }));
  const silent = policies.filter((policy) => !states.some((state) => isOf(state, policy)));
  return [...joined, ...silent].map(quotaOf);
}

type Known = Pick<RateLimitQuota, "name"> & { readonly [K in keyof RateLimitQuota]?: RateLimitQuota[K] };

function quotaOf({
  name,
  remaining,
  resetMs,
  quota,
  windowMs,
  unit = "requests",
  partitionKey,
}: Known): RateLimitQuota {
  return { name, remaining, resetMs, quota, windowMs, unit, partitionKey };
}

function isOf(state: Known, policy: Known): boolean {
  if (state.name !== policy.name) return false;
  return state.partitionKey === undefined || [undefined, state.partitionKey].includes(policy.partitionKey);
}

/** Each member of a field; none at all where one of them is not what it must be. */
function read(headers: HeaderFields, field: string, knownOf: (item: Item) => Known | undefined): readonly Known[] {
  const sent = headers.get(field);
  const known = (sent != null && parseItems(sent)?.map(knownOf)) || [];
  return known.every((member) => member !== undefined) ? known : [];
}

function stateOf({ value, parameters }: Item): Known | undefined {
  const remaining = count(parameters.get("r"));
  const resetMs = seconds(parameters.get("t"));
  if (!isText(value) || remaining === undefined || (parameters.has("t") && resetMs === undefined)) return undefined;
  return { name: value.text, remaining, resetMs, ...partition(parameters) };
}

function policyOf({ value, parameters }: Item): Known | undefined {
  const quota = count(parameters.get("q"));
  const windowMs = seconds(parameters.get("w"));
  const unit = parameters.get("qu");
  if (!isText(value) || quota === undefined || (parameters.has("w") && !windowMs)) return undefined;
  return { name: value.text, quota, windowMs, ...(isText(unit) && { unit: unit.text }), ...partition(parameters) };
}

function partition(parameters: Item["parameters"]): Pick<Known, "partitionKey"> {
  const key = parameters.get("pk");
  return typeof key === "object" && "base64" in key ? { partitionKey: key.base64 } : {};
}

/** Drafts 7 (one field of three members) and 3 to 6 (three fields). Their `reset` is in seconds, too. */
function olderForms(headers: HeaderFields): readonly RateLimitQuota[] {
  const members = new Map(headers.get("ratelimit")?.split(",").map(pair));
  const number = (name: string): number | undefined => {
    const text = members.get(name) ?? headers.get(`ratelimit-${name}`);
    return /^ *\d{1,15} *$/.test(String(text)) ? Number(text) : undefined;
  };
  const remaining = number("remaining");
  const reset = number("reset");
  if (remaining === undefined && reset === undefined) return [];
  return [quotaOf({ name: "default", remaining, resetMs: seconds(reset), quota: number("limit") })];
}

function pair(member: string): readonly [name: string | undefined, value: string | undefined] {
  const [name, value] = member.split("=");
  return [name?.trim(), value];
}

function count(value: BareItem): number | undefined {
  return Number.isInteger(value) && Number(value) >= 0 ? Number(value) : undefined;
}

function seconds(value: BareItem): number | undefined {
  const whole = count(value);
  return whole === undefined ? undefined : whole * 1000;
}

function isText(value: BareItem): value is { readonly text: string } {
  return typeof value === "object" && "text" in value;
}
