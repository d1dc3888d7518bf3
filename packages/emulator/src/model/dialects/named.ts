import { unexpected } from "../checks.js";
import { anthropic } from "./anthropic.js";
import { azure, azureFoundry, azureUnknown } from "./azure.js";
import type { Dialect } from "./dialect.js";
import { gemini } from "./gemini.js";
import { groq } from "./groq.js";
import { mistral } from "./mistral.js";
import { openai } from "./openai.js";
import { openrouter } from "./openrouter.js";
import { LIES, lying, silent } from "./untruthful.js";

const DIALECTS: ReadonlyMap<string, Dialect> = new Map([
  ["openai", openai],
  ["azure", azure],
  ["azure:foundry", azureFoundry],
  ["azure:unknown", azureUnknown],
  ["anthropic", anthropic],
  ["groq", groq],
  ["mistral", mistral],
  ["openrouter", openrouter],
  ["gemini", gemini],
  ["silent", silent],
  ["lying", lying("short")],
  ...LIES.map((lie): [string, Dialect] => [`lying:${lie}`, lying(lie)]),
]);

/** Every name that {@link dialectNamed} knows. */
export const DIALECT_NAMES: readonly string[] = [...DIALECTS.keys()];

/** The dialect of that name. Throws `TypeError` for a name that is none. */
export function dialectNamed(name: string): Dialect {
  const dialect = DIALECTS.get(name);
  if (dialect === undefined) throw unexpected("dialect", `one of ${DIALECT_NAMES.join(", ")}`, name);
  return dialect;
}
