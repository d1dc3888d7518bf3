import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

interface Named {
  readonly file: string;
  readonly title: string;
}

/** The tests that a text names: "`file`: title", in a list or in a table. */
function namedIn(text: string): Named[] {
  return [...text.matchAll(/^(?:- |\|.*?\| )`(packages\/[^`]+)`: (.+?)(?: \|.*)?$/gm)].map(
    ([, file = "", title = ""]) => ({ file, title }),
  );
}

/** Those that are not there. */
function missing(named: readonly Named[]): Named[] {
  return named.filter(({ file, title }) => {
    const path = join(root, file);
    return !existsSync(path) || !readFileSync(path, "utf8").includes(title);
  });
}

const invariants = readFileSync(join(root, "docs/invariants.md"), "utf8")
  .split(/^## /m)
  .slice(1)
  .map((section) => ({ heading: section.slice(0, section.indexOf("\n")), guards: namedIn(section) }));

describe("the invariants on one page", () => {
  test("are the ten of them, each with a test that guards it", () => {
    expect(invariants.map(({ heading }) => Number.parseInt(heading, 10))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(invariants.filter(({ guards }) => guards.length === 0)).toEqual([]);
  });

  test.each(invariants.map(({ heading, guards }) => [heading, guards] as const))(
    "%s: the tests that are named are there",
    (_, guards) => {
      expect(missing(guards)).toEqual([]);
    },
  );
});

describe("what backoff's own suite tests", () => {
  const page = readFileSync(join(root, "docs/coming-from-backoff.md"), "utf8");
  const section = page.slice(page.indexOf("\n## The tests\n"), page.indexOf("\n## What Python's cannot do\n"));

  test("is tested here, function by function", () => {
    const rows = namedIn(section);
    expect(missing(rows)).toEqual([]);
    const twins = section.match(/^`on_predicate`, .*\.$/m)?.[0].split(", ") ?? [];
    expect(rows.length + twins.length).toBe(72);
  });

  test("and each of the 45 rules has a row", () => {
    const rules = [...page.matchAll(/^\| (\d+) \| /gm)].map((match) => Number(match[1]));
    expect(rules).toEqual(Array.from({ length: 45 }, (_, index) => index + 1));
  });
});
