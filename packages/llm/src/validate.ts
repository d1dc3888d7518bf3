import { optionError } from "bide/kit";
import { AnswerRejectedError } from "./errors.js";
import { parseJson } from "./json.js";
import type { SchemaIssue, StandardSchema } from "./standard-schema.js";

/** Looks at the text of an answer; resolves to what is wrong with it. */
export type AnswerCheck = (text: string) => Promise<AnswerRejectedError | undefined>;

/**
 * A check of answers against a schema of any library that speaks Standard Schema. An answer that is JSON, also inside a
 * fence of Markdown, is looked at as its value; any other as its text.
 *
 * @throws OptionError for what is no Standard Schema.
 */
export function answerCheck(schema: StandardSchema | undefined): AnswerCheck | undefined {
  if (schema === undefined) return undefined;
  const standard = schema?.["~standard"];
  if (typeof standard?.validate !== "function") throw optionError("validate", "a Standard Schema", schema);
  return async (text) => {
    const value = parseJson(unfenced(text));
    const { issues } = await standard.validate(value === undefined ? text : value);
    return issues && new AnswerRejectedError(issues.map(pathOf));
  };
}

const FENCED = /^\s*```(?:json)?\s*\n([\s\S]*?)\n\s*```\s*$/;

function unfenced(text: string): string {
  return FENCED.exec(text)?.[1] ?? text;
}

function pathOf({ path = [] }: SchemaIssue): string {
  return path.map((segment) => String(typeof segment === "object" ? segment.key : segment)).join(".");
}
