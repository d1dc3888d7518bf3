import type { Endpoint } from "@bide/batch";
import { brokenKey } from "../endpoint-options.js";
import type { Io } from "../io.js";
import { baseUrl, isHeaderValue, wholeNumber } from "../option-values.js";
import { UsageError } from "../usage-error.js";

const LIMITS = ["rpm", "tpm", "burst"] as const;

/**
 * Reads an endpoint with its key and quota: `https://api.openai.com/v1 key=SECOND_KEY rpm=500 tpm=200000`. The key is the
 * name of a variable of the environment, so that it stands in no list of processes.
 *
 * @throws UsageError naming the part that cannot be.
 */
export function endpointSpec(spec: string, env: Io["env"]): Omit<Endpoint, "headers"> {
  const [url = "", ...parts] = spec.trim().split(/\s+/);
  const values = new Map(parts.map((part) => partOf(part)));
  const variable = values.get("key");
  const dialect = values.get("dialect");
  return {
    baseUrl: checked(url, baseUrl, "an address such as http://127.0.0.1:8000/v1 first"),
    apiKey: variable === undefined ? undefined : keyIn(variable, env),
    ...(dialect !== undefined && { dialect }),
    quota: Object.fromEntries(
      LIMITS.flatMap((name) => {
        const text = values.get(name);
        return text === undefined ? [] : [[name, checked(text, wholeNumber, `${name} to be an integer >= 1`)]];
      }),
    ),
  };
}

function partOf(part: string): [string, string] {
  const [, name = "", value = ""] = /^(key|rpm|tpm|burst|dialect)=(.+)$/.exec(part) ?? [];
  // What does not fit may be a key that was typed in the wrong place.
  if (name === "") throw new UsageError("--endpoint: expected key=, rpm=, tpm=, burst= or dialect= behind the address");
  return [name, value];
}

function keyIn(variable: string, env: Io["env"]): string {
  const key = env[variable]?.trim();
  if (key && !isHeaderValue(key)) throw new UsageError(`--endpoint: ${brokenKey(variable)}`);
  if (key) return key;
  const isName = /^[A-Za-z_]\w*$/.test(variable);
  throw new UsageError(
    `--endpoint: expected key= to name a variable of the environment${isName ? `; ${variable} is not set` : ""}`,
  );
}

function checked<T>(text: string, parse: (text: string) => T, expected: string): T {
  try {
    return parse(text);
  } catch {
    throw new UsageError(`--endpoint: expected ${expected}`);
  }
}
