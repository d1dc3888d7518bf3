import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What holds no pages of ours. */
const OTHERS = new Set(["node_modules", "dist", "coverage", "reports", "data"]);

/** Every page under a folder, by its path from the root. */
function pagesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return OTHERS.has(entry.name) || entry.name.startsWith(".") ? [] : pagesIn(path);
    return entry.name.endsWith(".md") ? [path] : [];
  });
}

const pages = pagesIn(".");

/** What a page's headings are called in links. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = [...text.replace(/^```[\s\S]*?^```$/gm, "").matchAll(/^#+ (.+)$/gm)].map((match) => match[1] ?? "");
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

/** What is wrong with the links of a page to files beside it and to headings. */
function brokenIn(page: string): string[] {
  const text = readFileSync(join(root, page), "utf8");
  const prose = text.replace(/^```[\s\S]*?^```$/gm, "").replace(/`[^`\n]*`/g, "code");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1] ?? "")
    .filter((link) => !/^[a-z]+:/.test(link))
    .filter((link) => {
      const [path = "", anchor] = link.split("#");
      const target = path === "" ? join(root, page) : join(root, dirname(page), decodeURI(path));
      if (!existsSync(target)) return true;
      return anchor !== undefined && !anchorsOf(readFileSync(target, "utf8")).has(anchor);
    })
    .map((link) => `${page}: ${link}`);
}

test("every link of every page leads to a file, and to a heading where it names one", () => {
  expect(pages.length).toBeGreaterThan(20);
  expect(pages.flatMap(brokenIn)).toEqual([]);
});
