import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { PAGE, withRules } from "./failures-page.js";

test("the page of failures has the rules of the code", () => {
  const page = readFileSync(fileURLToPath(new URL(`../../../${PAGE}`, import.meta.url)), "utf8");

  expect(page).toBe(withRules(page));
});
