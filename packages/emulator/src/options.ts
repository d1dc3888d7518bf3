import type { EmulatorClock } from "./clock.js";
import type { JsonObject } from "./json.js";
import { listOf, objectOf, positive, text, unexpected, wholeNumber } from "./model/checks.js";
import type { Dialect, DialectName } from "./model/dialects/dialect.js";
import { dialectNamed } from "./model/dialects/named.js";
import type { Lie } from "./model/dialects/untruthful.js";
import type { ModelOptions } from "./model/options.js";
import { MODEL_FIELDS, settingsOf } from "./model/settings.js";

/** What an emulated endpoint is like: the provider of {@link ModelOptions}, and how it speaks HTTP. */
export interface EndpointOptions extends ModelOptions {
  /** Whose headers and error bodies. Anthropic's and Gemini's own endpoints keep their own. @default "openai" */
  readonly dialect?: DialectName | `lying:${Lie}` | "azure:foundry" | "azure:unknown";
  /** How many times faster than the clock the provider lives: at 60, a minute's quota passes in a second. @default 1 */
  readonly timeScale?: number;
  /** The API keys that are accepted; others get 401. @default any key, and none */
  readonly keys?: readonly string[];
  /** The models that exist; others get 404. @default any name */
  readonly models?: readonly string[];
  /** Writes the answers. Must return the same text for the same body. @default words drawn by the prompt's hash */
  readonly answer?: (body: JsonObject) => string;
  /** How many arrivals the log keeps. @default 100000 */
  readonly logLimit?: number;
  /** The largest request body; a larger one gets 413. @default 8 MiB */
  readonly maxBodyBytes?: number;
  /** @default the host's clock */
  readonly clock?: EmulatorClock;
}

/** Defaults of {@link EndpointOptions}. */
export const ENDPOINT_DEFAULTS: {
  readonly dialect: DialectName;
  readonly timeScale: number;
  readonly logLimit: number;
  readonly maxBodyBytes: number;
} = Object.freeze({ dialect: "openai", timeScale: 1, logLimit: 100_000, maxBodyBytes: 8 * 1024 * 1024 });

/** The provider's options with what its dialect brings along. Telling a burst means a bucket, whatever the dialect counts by. */
export function providerOptions(dialect: Dialect, options: EndpointOptions): ModelOptions {
  const { algorithm, quantum, ...others } = dialect.defaults;
  const bursts = [options.burst, options.tokenBurst, options.organization?.burst, options.organization?.tokenBurst];
  return bursts.some((burst) => burst !== undefined) ? { ...others, ...options } : { ...dialect.defaults, ...options };
}

const FIELDS: readonly string[] = [
  ...MODEL_FIELDS,
  ...Object.keys({
    dialect: true,
    timeScale: true,
    keys: true,
    models: true,
    answer: true,
    logLimit: true,
    maxBodyBytes: true,
    clock: true,
  } satisfies { readonly [field in Exclude<keyof EndpointOptions, keyof ModelOptions>]: true }),
];

/** Checks every option, also for callers without types. Throws `TypeError` naming what is wrong or unknown. */
export function checkedOptions(given: unknown, name: string): EndpointOptions {
  // What follows makes this true.
  const options: EndpointOptions = objectOf(given, name, FIELDS);
  dialectNamed(options.dialect ?? ENDPOINT_DEFAULTS.dialect);
  positive(options.timeScale ?? ENDPOINT_DEFAULTS.timeScale, "timeScale");
  wholeNumber(options.logLimit ?? ENDPOINT_DEFAULTS.logLimit, "logLimit", 0);
  wholeNumber(options.maxBodyBytes ?? ENDPOINT_DEFAULTS.maxBodyBytes, "maxBodyBytes");
  listOf(options.keys ?? [], "keys", text);
  listOf(options.models ?? [], "models", text);
  if (options.answer !== undefined && typeof options.answer !== "function") {
    throw unexpected("answer", "a function", options.answer);
  }
  settingsOf(options);
  return options;
}
