import { isObject, type JsonObject } from "./json.js";
import { dialectNamed } from "./model/dialects/named.js";
import { parseTime, shown } from "./model/duration.js";
import { DIMENSIONS } from "./model/limiter.js";
import { settingsOf } from "./model/options.js";
import type { EndpointOptions } from "./options.js";

/** Checks one field; throws `TypeError` naming it. */
type Check = (value: unknown, name: string) => void;

const CHANGEABLE: Readonly<Record<string, Check>> = {
  ...Object.fromEntries(DIMENSIONS.map((dimension) => [dimension, number])),
  burst: number,
  tokenBurst: number,
  organization: objectOf(Object.fromEntries(DIMENSIONS.map((dimension) => [dimension, number]))),
  limitsByModel: object,
  algorithm: text,
  quantum: parseTime,
  cost: text,
  countRejected: boolean,
  refund: oneOf("none", "to-actual"),
  faults: listOf(textOrObject),
  brownOuts: listOf(objectOf({ from: parseTime, to: parseTime, fault: textOrObject })),
  ramp: booleanOrObject,
  money: number,
  latency: textOrObject,
  answerLength: objectOf({ medianTokens: number, sigma: number }),
  seed: number,
  contextTokens: number,
};

const FIELDS: Readonly<Record<string, Check>> = {
  ...CHANGEABLE,
  dialect: (value) => dialectNamed(String(value)),
  timeScale: number,
  keys: listOf(text),
  models: listOf(text),
  logLimit: number,
  maxBodyBytes: number,
  changes: listOf(objectOf({ ...CHANGEABLE, at: parseTime })),
};

/**
 * Reads a scenario: the emulator's options as JSON, as text or parsed, for instance
 * `{"rpm":500,"faults":["reset:2%"],"brownOuts":[{"from":"10s","to":"20s","fault":"503:80%"}],"changes":[{"at":"30s","rpm":100}]}`.
 * Throws `TypeError` naming the field that is wrong or unknown.
 */
export function parseScenario(source: unknown): EndpointOptions {
  const value: unknown = typeof source === "string" ? parsed(source) : source;
  objectOf(FIELDS)(value, "scenario");
  // Every field has been checked above, and the provider's part is checked once more by filling in its defaults.
  const options = value as EndpointOptions;
  settingsOf(options);
  for (const [index, change] of (options.changes ?? []).entries()) {
    parseTime(change.at, `changes[${index}].at`);
    settingsOf({ ...options, ...change });
  }
  return options;
}

function parsed(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch (error) {
    throw new TypeError(`expected a scenario to be JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function objectOf(fields: Readonly<Record<string, Check>>): Check {
  return (value, name) => {
    for (const [field, item] of Object.entries(objectAt(value, name))) {
      const check = Object.hasOwn(fields, field) ? fields[field] : undefined;
      if (check === undefined) {
        throw new TypeError(`\`${name}\` has no field \`${field}\`; the fields are ${Object.keys(fields).join(", ")}`);
      }
      check(item, name === "scenario" ? field : `${name}.${field}`);
    }
  };
}

function listOf(check: Check): Check {
  return (value, name) => {
    if (!Array.isArray(value)) throw expected(name, "a list", value);
    for (const [index, item] of value.entries()) check(item, `${name}[${index}]`);
  };
}

function oneOf(...names: readonly string[]): Check {
  return (value, name) => {
    if (!names.some((known) => known === value)) throw expected(name, `one of ${names.join(", ")}`, value);
  };
}

function number(value: unknown, name: string): void {
  if (typeof value !== "number" || !(value >= 0)) throw expected(name, "a number >= 0", value);
}

function text(value: unknown, name: string): void {
  if (typeof value !== "string") throw expected(name, "text", value);
}

function boolean(value: unknown, name: string): void {
  if (typeof value !== "boolean") throw expected(name, "true or false", value);
}

function object(value: unknown, name: string): void {
  objectAt(value, name);
}

function textOrObject(value: unknown, name: string): void {
  if (typeof value !== "string" && !isObject(value)) throw expected(name, "text or an object", value);
}

function booleanOrObject(value: unknown, name: string): void {
  if (typeof value !== "boolean" && !isObject(value)) throw expected(name, "true, false or an object", value);
}

function objectAt(value: unknown, name: string): JsonObject {
  if (!isObject(value)) throw expected(name, "an object", value);
  return value;
}

function expected(name: string, what: string, value: unknown): TypeError {
  return new TypeError(`expected \`${name}\` to be ${what}, got ${shown(value)}`);
}
