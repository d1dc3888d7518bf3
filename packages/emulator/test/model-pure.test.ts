import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const folder = fileURLToPath(new URL("../src/model/", import.meta.url));
const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) =>
  /(?<!\.test)\.ts$/.test(file),
);

test.each(files)("model/%s takes time and chance as values, and imports nothing from outside", (file) => {
  const source = readFileSync(folder + file, "utf8");
  expect(source).not.toMatch(/Date\.now|new Date\(\)|Math\.random|performance\.|setTimeout|setInterval|process\./);
  for (const [, from = ""] of source.matchAll(/from "([^"]+)"/g)) {
    expect(from).toMatch(file.startsWith("dialects") ? /^\.\.?\/[a-z-]+\.js$/ : /^\.\/(dialects\/)?[a-z-]+\.js$/);
  }
});
