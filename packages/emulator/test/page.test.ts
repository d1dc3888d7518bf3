import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { DIALECT_NAMES, parseScenario } from "../src/index.js";
import { COST_MODELS } from "../src/model/cost.js";
import { CONNECTION_FAULTS, STATUS_FAULTS, STREAM_FAULTS } from "../src/model/faults.js";
import { MODEL_FIELDS } from "../src/model/settings.js";

const page = readFileSync(new URL("../../../docs/emulator.md", import.meta.url), "utf8");

test("the page's scenario is one, and shows what no single value can say", () => {
  const [, text = ""] = /```json\n([\s\S]*?)```/.exec(page) ?? [];
  const scenario = parseScenario(text);
  for (const field of ["organization", "limitsByModel", "latency", "faults", "brownOuts", "changes", "ramp"]) {
    expect(Object.keys(scenario)).toContain(field);
  }
});

test.each([
  ...STATUS_FAULTS,
  ...CONNECTION_FAULTS,
  ...STREAM_FAULTS,
  ...DIALECT_NAMES,
  ...COST_MODELS,
  ...MODEL_FIELDS,
])("the page tells of %s", (name) => {
  expect(page).toContain(`\`${name}\``);
});
