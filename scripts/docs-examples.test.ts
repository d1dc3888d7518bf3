import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { format } from "node:util";
import ts from "typescript";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import { virtualClock, withClock } from "../packages/core/src/testing.js";

// Every ```ts block of the documentation runs, as it stands, on a clock that takes no time, and must type-check;
// `// …` after a console.log is what it prints. Marked otherwise: ```ts no-run (needs the network, a key, a server).

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = join(root, "scripts/.docs-examples");

interface Example {
  readonly page: string;
  /** Of its first line in the page. */
  readonly line: number;
  readonly marks: readonly string[];
  readonly code: string;
}

const readmes = readdirSync(join(root, "packages")).map((name) => join("packages", name, "README.md"));
const pages = [...filesIn("docs").filter((page) => page.endsWith(".md")), ...readmes];
const examples = pages.flatMap(examplesOf);
const runnable = examples.filter(({ marks }) => !marks.includes("no-run"));

function filesIn(path: string): string[] {
  return readdirSync(join(root, path), { recursive: true, encoding: "utf8" }).map((name) => join(path, name));
}

function examplesOf(page: string): readonly Example[] {
  const text = readFileSync(join(root, page), "utf8");
  return [...text.matchAll(/^```ts\b(.*)\n([\s\S]*?)^```$/gm)].map((match) => ({
    page,
    line: text.slice(0, match.index).split("\n").length + 1,
    marks: (match[1] ?? "").trim().split(/\s+/),
    code: match[2] ?? "",
  }));
}

/** What the example says that it prints: the comments behind its calls of console.log. */
function printedOf(code: string): readonly string[] {
  return [...code.matchAll(/console\.log\(.*\);[ \t]*\/\/[ \t]*(.+)$/gm)].map((match) => match[1] ?? "");
}

function lineOf({ code }: Example, start = 0): number {
  return code.slice(0, start).split("\n").length - 1;
}

/** The name of the file that an example is written to. */
function fileOf({ page, line }: Example): string {
  return join(folder, `${page.replace(/\W+/g, "-")}-${line}.ts`);
}

/** Imports an example, with every wait over at once. */
async function run(file: string): Promise<void> {
  const clock = virtualClock();
  using _ = withClock(clock);
  let isDone = false;
  const done = import(pathToFileURL(file).href).finally(() => {
    isDone = true;
  });
  done.catch(() => undefined);
  while (!isDone) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    // The modules that it imports are loaded meanwhile; it waits only once something of its own is due.
    if (clock.pending > 0) await clock.runAll(100_000);
  }
  await done;
}

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const example of examples) writeFileSync(fileOf(example), `${example.code}\nexport {};\n`);

afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => vi.restoreAllMocks());

describe("the examples of the documentation run, and print what they say", () => {
  test("there are some", () => {
    expect(runnable.length).toBeGreaterThan(10);
  });

  test("they type-check, those too that do not run", { timeout: 120_000 }, () => {
    const { config } = ts.readConfigFile(join(root, "tsconfig.test.json"), ts.sys.readFile);
    const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, root);
    // What this repository asks of itself beyond `strict` is no rule for a reader's code.
    const program = ts.createProgram(examples.map(fileOf), { ...options, noPropertyAccessFromIndexSignature: false });
    const errors = examples.flatMap((example) => {
      const source = program.getSourceFile(fileOf(example));
      return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
        ({ messageText, start }) =>
          `${example.page}:${example.line + lineOf(example, start)}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`,
      );
    });
    expect(errors).toEqual([]);
  });

  test.each(runnable.map((example) => [`${example.page}:${example.line}`, example] as const))(
    "%s",
    async (_, example) => {
      const printed: string[] = [];
      for (const method of ["log", "info", "warn", "error"] as const) {
        const print = (...values: readonly unknown[]): void => {
          if (method === "log")
            printed.push(
              format(...values)
                .replaceAll("'", '"')
                .replace(/\s+/g, " "),
            );
        };
        vi.spyOn(console, method).mockImplementation(print);
      }
      await run(fileOf(example));
      const expected = printedOf(example.code);
      if (expected.length > 0) expect(printed).toEqual(expected);
    },
  );
});
