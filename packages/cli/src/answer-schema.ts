import type { StandardSchema } from "@bide/llm";
import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import { UsageError } from "./usage-error.js";

/**
 * Makes a check of answers from a JSON Schema (draft 2020-12, and older ones where they agree with it).
 *
 * @param file Its name, for the error.
 * @throws UsageError for what is no such schema.
 */
export function schemaCheck(text: string, file: string): StandardSchema {
  const isValid = compiled(text, file);
  return {
    "~standard": {
      version: 1,
      vendor: "ajv",
      validate: (value) => (isValid(value) ? {} : { issues: (isValid.errors ?? []).map(issueOf) }),
    },
  };
}

function compiled(text: string, file: string): ReturnType<Ajv2020["compile"]> {
  let schema: unknown;
  try {
    schema = JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`--validate ${file}: not valid JSON`, { cause });
  }
  try {
    // What a newer draft, or another tool, has added to the schema is no reason to refuse it.
    return new Ajv2020({ strict: false, logger: false, validateFormats: false }).compile(schema as object);
  } catch (cause) {
    throw new UsageError(
      `--validate ${file}: not a JSON Schema: ${cause instanceof Error ? cause.message : "invalid"}`,
      { cause },
    );
  }
}

function issueOf({ instancePath }: ErrorObject): { readonly path: readonly string[] } {
  return { path: instancePath.split("/").slice(1) };
}
