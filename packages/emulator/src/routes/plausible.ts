import { isObject, itemsOf, type JsonObject } from "../json.js";
import { mixSeed, seededRandom } from "../model/hash.js";

/** How deep invented values nest, so that a schema that contains itself comes to an end. */
const DEEPEST = 6;

/** How many values are invented for one schema, so that one that contains itself often comes to an end soon. */
const MOST_VALUES = 2000;

/** What one invention goes by. */
interface Invention {
  readonly root: JsonObject;
  readonly random: () => number;
  valuesLeft: number;
}

/** JSON text that fits a schema of types, properties, items, enums and alternatives; always the same for the same seed. */
export function plausibleJson(schema: unknown, seed: string): string {
  const root = isObject(schema) ? schema : {};
  const invention = { root, random: seededRandom(mixSeed(seed, 0x5c4)), valuesLeft: MOST_VALUES };
  return JSON.stringify(instanceOf(root, invention, 0));
}

/** An object for callers who ask for JSON without a schema. */
export const ANY_OBJECT: JsonObject = {
  type: "object",
  properties: { answer: { type: "string" }, confidence: { type: "number" } },
};

function instanceOf(schema: unknown, invention: Invention, depth: number): unknown {
  const { root, random } = invention;
  invention.valuesLeft--;
  const known = resolved(schema, root);
  if (known["const"] !== undefined) return known["const"];
  const choices = [known["enum"], known["anyOf"], known["oneOf"]].map(itemsOf).find((items) => items.length > 0);
  if (choices !== undefined) {
    const chosen = choices[Math.floor(random() * choices.length)];
    return known["enum"] === undefined ? instanceOf(chosen, invention, depth) : chosen;
  }
  switch (typeOf(known)) {
    case "object":
      return objectOf(known, invention, depth);
    case "array":
      return depth > DEEPEST || invention.valuesLeft <= 0 ? [] : [instanceOf(known["items"], invention, depth + 1)];
    case "integer":
      return Math.floor(numberOf(known, random));
    case "number":
      return Math.round(numberOf(known, random) * 100) / 100;
    case "boolean":
      return random() < 0.5;
    case "null":
      return null;
    default:
      return "plausible";
  }
}

function objectOf(schema: JsonObject, invention: Invention, depth: number): JsonObject {
  const value: Record<string, unknown> = {};
  if (depth > DEEPEST || !isObject(schema["properties"])) return value;
  for (const [name, property] of Object.entries(schema["properties"])) {
    if (invention.valuesLeft <= 0) break;
    value[name] = instanceOf(property, invention, depth + 1);
  }
  return value;
}

function numberOf(schema: JsonObject, random: () => number): number {
  const least = typeof schema["minimum"] === "number" ? schema["minimum"] : 0;
  const most = typeof schema["maximum"] === "number" ? schema["maximum"] : least + 100;
  return least + random() * (most - least);
}

/** The type of a schema; Gemini writes types in capitals. */
function typeOf(schema: JsonObject): string {
  const type = itemsOf(schema["type"])[0] ?? schema["type"];
  if (typeof type === "string") return type.toLowerCase();
  return isObject(schema["properties"]) ? "object" : "string";
}

function resolved(schema: unknown, root: JsonObject): JsonObject {
  let known: unknown = schema;
  for (let hops = 0; hops < DEEPEST && isObject(known) && typeof known["$ref"] === "string"; hops++) {
    known = known["$ref"] === "#" ? root : at(root, known["$ref"].replace(/^#\//, "").split("/"));
  }
  return isObject(known) ? known : {};
}

function at(value: unknown, path: readonly string[]): unknown {
  const [first, ...rest] = path;
  if (first === undefined || !isObject(value)) return value;
  return at(value[first], rest);
}
