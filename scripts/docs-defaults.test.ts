import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { BATCH_DEFAULTS } from "../packages/batch/src/index.js";
import * as http from "../packages/core/src/http.js";
import * as core from "../packages/core/src/index.js";
import * as emulator from "../packages/emulator/src/index.js";
import { LLM_DEFAULTS, MODEL_FALLBACK_DEFAULTS, QUOTA_DEFAULTS, TIMEOUT_DEFAULTS } from "../packages/llm/src/index.js";
import { pages, withDefaults } from "./docs-defaults.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const constants = {
  ...core,
  ...http,
  ...emulator,
  BATCH_DEFAULTS,
  LLM_DEFAULTS,
  MODEL_FALLBACK_DEFAULTS,
  QUOTA_DEFAULTS,
  TIMEOUT_DEFAULTS,
};
const texts = pages().map((page) => [page, readFileSync(join(root, page), "utf8")] as const);

describe("tables of defaults", () => {
  test.each(texts.filter(([, text]) => /_DEFAULTS`:$/m.test(text)))("%s has the defaults of the code", (_, text) => {
    expect(text).toBe(withDefaults(text, constants));
  });

  test("every constant of defaults has a table", () => {
    const names = Object.keys(constants).filter((name) => name.endsWith("_DEFAULTS"));
    const written = texts.map(([, text]) => text).join("\n");
    expect(names.filter((name) => !written.includes(`\`${name}\`:\n`))).toEqual([]);
  });

  test("rewrites the second column, and nothing else", () => {
    const page =
      "`A_DEFAULTS`:\n\n| Option | Default | |\n|---|---|---|\n| `b` | `1` | a \\| b |\n| `c` | none | prose |\n";
    expect(withDefaults(page, { A_DEFAULTS: { b: "2s" } })).toBe(page.replace("`1`", '`"2s"`'));
    expect(() => withDefaults(page, { A_DEFAULTS: { b: 1, d: 2 } })).toThrow("the table of A_DEFAULTS lacks d");
    expect(() => withDefaults(page, {})).toThrow("there is no constant A_DEFAULTS");
  });
});
