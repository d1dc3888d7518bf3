import { optionError } from "bide/kit";
import type { BatchRequest } from "../batch-request.js";
import { BATCH_URLS } from "../batch-request.js";
import { isObject, type JsonObject } from "../json.js";
import { contentId } from "../source-request.js";

/** The fields of a record: a row of a CSV, an object of a JSONL, or a line of text under the name `prompt`. */
export type Fields = Readonly<Record<string, unknown>>;

/** How prompts become requests. */
export interface PromptOptions {
  /** How the input is laid out. @default by its name: `.csv`, `.jsonl`, else a prompt per line */
  readonly format?: PromptFormat | undefined;
  /** The column or the field that holds the prompt. @default "prompt" */
  readonly column?: string | undefined;
  /**
   * The body of each request, or `{ url, body }`; `{{name}}` in a text stands for that field of the record, `{{prompt}}` for
   * the prompt. @default one user message to `/v1/chat/completions`
   */
  readonly template?: JsonObject | undefined;
}

/** Layouts of prompts. */
export type PromptFormat = "csv" | "jsonl" | "text";

/** The defaults of {@link PromptOptions}. */
export const PROMPT_DEFAULTS: { readonly column: string; readonly url: string } = Object.freeze({
  column: "prompt",
  url: "/v1/chat/completions",
});

const PLACEHOLDER = /\{\{\s*([^{}]+?)\s*\}\}/g;
/** A record may bring its own name. */
const ID_FIELD = "custom_id";

/** Makes requests of records. */
export class Template {
  readonly #url: string;
  readonly #body: JsonObject;
  readonly #column: string;
  readonly #model: string | undefined;
  /** The fields that it asks for. */
  readonly fields: ReadonlySet<string>;

  /** @param model Takes the place of the one that the template names. @throws OptionError for one that cannot be. */
  constructor({ column = PROMPT_DEFAULTS.column, template }: PromptOptions, model: string | undefined) {
    const { url, body } = partsOf(template ?? plainTemplate(model));
    if (!BATCH_URLS.includes(url)) throw optionError("template.url", `one of ${BATCH_URLS.join(", ")}`, url);
    this.#url = url;
    this.#body = body;
    this.#column = column;
    this.#model = model;
    const names = [...JSON.stringify(body).matchAll(PLACEHOLDER)].map(([, name = ""]) => name);
    this.fields = new Set(names.map((name) => this.#fieldOf(name)));
  }

  /** @throws RangeError naming a field that the record lacks. */
  request(record: Fields): { readonly request: BatchRequest; readonly isNamedByContent: boolean } {
    const body = this.#filled(this.#body, record);
    if (!isObject(body)) throw new RangeError("the template is no object");
    const id = record[ID_FIELD];
    const isNamed = typeof id === "string" && id !== "";
    const made = { url: this.#url, body: this.#model === undefined ? body : { ...body, model: this.#model } };
    return { request: { customId: isNamed ? id : contentId(made), ...made }, isNamedByContent: !isNamed };
  }

  #filled(value: unknown, record: Fields): unknown {
    if (typeof value === "string") return this.#filledText(value, record);
    if (Array.isArray(value)) return value.map((item) => this.#filled(item, record));
    if (!isObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, this.#filled(inner, record)]));
  }

  /** A text that is nothing but one placeholder becomes the value itself, a number or a list included. */
  #filledText(text: string, record: Fields): unknown {
    const [whole, name] = PLACEHOLDER.exec(text) ?? [];
    PLACEHOLDER.lastIndex = 0;
    if (whole === text && name !== undefined) return this.#valueOf(name, record);
    return text.replace(PLACEHOLDER, (_, field: string) => asText(this.#valueOf(field, record)));
  }

  #valueOf(name: string, record: Fields): unknown {
    const field = this.#fieldOf(name);
    const value = Object.hasOwn(record, field) ? record[field] : undefined;
    if (value === undefined) throw new RangeError(`there is no field \`${field}\``);
    return value;
  }

  #fieldOf(name: string): string {
    return name === "prompt" ? this.#column : name;
  }
}

function partsOf(template: JsonObject): { readonly url: string; readonly body: JsonObject } {
  if (!isObject(template)) throw optionError("template", "an object", template);
  const { url, body } = template;
  if (!isObject(body)) return { url: PROMPT_DEFAULTS.url, body: template };
  return { url: typeof url === "string" ? url : PROMPT_DEFAULTS.url, body };
}

function plainTemplate(model: string | undefined): JsonObject {
  if (model === undefined)
    throw optionError("model", "the model that prompts go to, where no template names it", model);
  return { model, messages: [{ role: "user", content: "{{prompt}}" }] };
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
