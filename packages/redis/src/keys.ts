import { OptionError } from "bide";
import { optionError } from "bide/kit";

/** What all keys begin with that are told no other prefix. */
export const DEFAULT_PREFIX = "bide:";

/** The keys of one store: all with the same hash tag, so that a cluster keeps them on one node. */
export function keysOf(key: unknown, prefix: unknown, names: readonly string[]): readonly string[] {
  checkName(key, "key");
  if (key === "") throw optionError("key", "a name", key);
  checkName(prefix, "prefix");
  return names.map((name) => `${prefix}{${key}}:${name}`);
}

function checkName(value: unknown, option: string): void {
  if (typeof value !== "string") throw optionError(option, "a string", value);
  if (/[{}]/.test(value)) {
    throw new OptionError(option, `expected \`${option}\` to have no braces: they mark what a cluster hashes`);
  }
}
