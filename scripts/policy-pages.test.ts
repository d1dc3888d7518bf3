import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const docs = fileURLToPath(new URL("../docs", import.meta.url));

const SKELETON = ["About", "Use", "Defaults", "Events", "Errors", "Diagram", "Patterns", "Anti-patterns", "Sources"];

const policies = readdirSync(join(docs, "policies")).map((name) => join("policies", name));

test("there is a page for each policy", () => {
  const names = ["circuit-breaker", "compose", "concurrency-limit", "fallback", "hedge", "rate-limit", "retry"];
  names.push("retry-budget", "schedules", "timeout");
  expect([...policies].sort()).toEqual(names.map((name) => join("policies", `${name}.md`)).sort());
});

test.each([...policies, "http.md", "sync.md", "testing.md"])(
  "%s has the parts that every page has, in order",
  (page) => {
    const headings = [...readFileSync(join(docs, page), "utf8").matchAll(/^## (.+)$/gm)].map((match) => match[1] ?? "");
    expect(headings.filter((heading) => SKELETON.includes(heading))).toEqual(SKELETON);
  },
);
