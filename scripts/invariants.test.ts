import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const page = readFileSync(join(root, "docs/invariants.md"), "utf8");

/** The tests that stand under each heading: "- `file`: title". */
const invariants = page
  .split(/^## /m)
  .slice(1)
  .map((section) => ({
    heading: section.slice(0, section.indexOf("\n")),
    guards: [...section.matchAll(/^- `(.+?)`: (.+)$/gm)].map(([, file = "", title = ""]) => ({ file, title })),
  }));

describe("the invariants on one page", () => {
  test("are the ten of them, each with a test that guards it", () => {
    expect(invariants.map(({ heading }) => Number.parseInt(heading, 10))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(invariants.filter(({ guards }) => guards.length === 0)).toEqual([]);
  });

  test.each(invariants.map(({ heading, guards }) => [heading, guards] as const))(
    "%s: the tests that are named are there",
    (_, guards) => {
      const missing = guards.filter(({ file, title }) => {
        const path = join(root, file);
        return !existsSync(path) || !readFileSync(path, "utf8").includes(title);
      });
      expect(missing).toEqual([]);
    },
  );
});
