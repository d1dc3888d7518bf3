/** A JSON object, nothing known of its fields. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A request that the provider would answer with 400 (or 413, 415): message, and the field that is wrong. */
export class BadRequest extends Error {
  override readonly name = "BadRequest";
  readonly param: string | undefined;
  readonly kind: "invalid" | "payload-too-large";

  constructor(message: string, param?: string, kind: "invalid" | "payload-too-large" = "invalid") {
    super(message);
    this.param = param;
    this.kind = kind;
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** A request's body as text. Throws {@link BadRequest} for bytes that are no UTF-8. */
export function textOf(body: Uint8Array | string): string {
  return typeof body === "string" ? body : decode(body);
}

/** Parses a request's body. Throws {@link BadRequest} for what is no JSON or no object. */
export function parseObject(text: string): JsonObject {
  const value = parseJson(text);
  if (isObject(value)) return value;
  throw new BadRequest("The request body must be a JSON object.");
}

/** Whether a value is an object and no array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The items of an array; none for anything else. */
export function itemsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A field that must be text that is not empty. */
export function requiredText(body: JsonObject, field: string): string {
  const value = body[field];
  if (typeof value === "string" && value !== "") return value;
  throw new BadRequest(`You must provide a '${field}' parameter of type string.`, field);
}

/** A field that may be absent or null, and otherwise is a whole number between two bounds. */
export function optionalCount(body: JsonObject, field: string, least: number, most: number): number | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new BadRequest(
    `Invalid value for '${field}': expected an integer of at least ${least} and at most ${most}.`,
    field,
  );
}

/** The characters of all text inside a value: what a provider estimates tokens from. */
export function charactersOf(value: unknown): number {
  if (typeof value === "string") return value.length;
  let sum = 0;
  if (Array.isArray(value)) for (const item of value) sum += charactersOf(item);
  else if (isObject(value)) for (const key in value) if (isTextField(key)) sum += charactersOf(value[key]);
  return sum;
}

function isTextField(name: string): boolean {
  return name !== "role" && name !== "type" && name !== "url" && name !== "data" && name !== "detail";
}

function decode(body: Uint8Array): string {
  try {
    return utf8.decode(body);
  } catch {
    throw new BadRequest("The request body is not valid UTF-8.");
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new BadRequest("We could not parse the JSON body of your request.");
  }
}
