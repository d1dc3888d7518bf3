import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command, Option } from "commander";
import { describe, expect, test } from "vitest";
import { main } from "../src/main.js";
import { programFor } from "../src/program.js";
import { fakeIo } from "./fake-io.js";

const docs = fileURLToPath(new URL("../../../docs/commands", import.meta.url));
const program = programFor(fakeIo(), () => undefined);
const commands = program.commands.map((command) => [command.name(), command] as const);

async function helpOf(...words: readonly string[]): Promise<string> {
  const io = fakeIo();
  expect(await main([...words, "--help"], io)).toBe(0);
  return io.printed();
}

/** The options of a command as its page of the documentation tells them. */
function optionsTable(command: Command): string {
  const rows = command.options.map((option) => `| \`${option.flags}\` | ${meaningOf(option)} |`);
  return ["| Option | Meaning |", "|---|---|", ...rows].join("\n");
}

function meaningOf({ description, defaultValue, defaultValueDescription, argChoices }: Option): string {
  const known = defaultValue === false || defaultValue === true ? undefined : defaultValue;
  const value = defaultValueDescription ?? (known === undefined ? undefined : `\`${String(known)}\``);
  const notes = [
    ...(argChoices ? [`one of ${argChoices.map((choice) => `\`${choice}\``).join(", ")}`] : []),
    ...(value === undefined ? [] : [`default: ${value}`]),
  ];
  return (notes.length === 0 ? description : `${description} (${notes.join("; ")})`).replaceAll("|", "\\|");
}

describe("help", () => {
  test.each([["bide", []], ...commands.map(([name]) => [name, [name]] as const)] as const)(
    "%s: no line is wider than 80 columns, and there are examples",
    async (_, words) => {
      const help = await helpOf(...words);

      expect(help.split("\n").filter((line) => line.length > 80)).toEqual([]);
      expect(help).toContain("Examples:\n  $ bide ");
    },
  );

  test.each(commands)("%s: its examples use options that it has", async (name, command) => {
    const examples = (await helpOf(name)).split("\n").filter((line) => line.startsWith(`  $ bide ${name}`));
    const used = examples.flatMap((line) => (line.split(" | ")[0] ?? "").match(/(?<= )--?[a-z][a-z-]*/g) ?? []);
    const known = command.options.flatMap(({ short, long }) => [short, long]);

    expect(examples.length).toBeGreaterThan(0);
    expect(used.filter((option) => !known.includes(option))).toEqual([]);
  });

  test.each(commands)("%s: is listed with a summary in the same voice", (_, command) => {
    expect(command.summary()).toMatch(/^[a-z].*[^.]$/);
  });

  test("a narrow terminal gets narrow help", async () => {
    const io = fakeIo({ isTTY: true });
    await main(["run", "--help"], { ...io, stdout: { ...io.stdout, columns: 60 } });
    const [head = ""] = io.printed().split("\nRun the same line");

    expect(head.split("\n").filter((line) => line.length > 60)).toEqual([]);
  });

  test("without a command: the help, and exit code 2", async () => {
    const io = fakeIo();

    expect(await main([], io)).toBe(2);
    expect(io.said()).toContain("Usage: bide [options] [command]");
  });

  test.each(["--version", "-V"])("%s prints the version of the package", async (option) => {
    const io = fakeIo();

    expect(await main([option], io)).toBe(0);
    expect(io.printed()).toBe(`${createRequire(import.meta.url)("../package.json").version}\n`);
  });
});

describe("the pages of the commands", () => {
  test.each(commands)("docs/commands/%s.md exists", (name) => {
    expect(existsSync(join(docs, `${name}.md`))).toBe(true);
  });

  // After a change of options, `npx vitest packages/cli/test/help.test.ts -u` puts them into the pages.
  test.each(commands)("docs/commands/%s.md tells the options that the program has", async (name, command) => {
    const path = join(docs, `${name}.md`);
    const page = readFileSync(path, "utf8");
    const table = /(?<=^## Options\n\n)\|[^\n]*\n(\|[^\n]*\n)+/m;

    expect(page).toMatch(table);
    await expect(page.replace(table, () => `${optionsTable(command)}\n`)).toMatchFileSnapshot(path);
  });
});

describe("a slip of the fingers", () => {
  test.each([
    [["rum"], "unknown command 'rum'\n(Did you mean run?)"],
    [["stauts", "x"], "unknown command 'stauts'\n(Did you mean status?)"],
    [["run", "x", "-o", "y", "--retry-fail"], "unknown option '--retry-fail'\n(Did you mean --retry-failed?)"],
    [["report", "x", "--outptu", "y"], "unknown option '--outptu'\n(Did you mean --output?)"],
    [["emulate", "--falt", "reset"], "unknown option '--falt'\n(Did you mean --fault?)"],
    [["report"], "missing required argument 'results'"],
    [["run", "x"], "required option '-o, --output <file>' not specified"],
    [
      ["chat", "x", "--max-tokens", "few"],
      "option '--max-tokens <n>' argument 'few' is invalid. Expected an integer >= 1.",
    ],
    [["status", "x", "y"], "too many arguments for 'status'. Expected 1 argument but got 2"],
  ])("%j: says what is wrong and names the nearest, exit code 2", async (words, sentence) => {
    const io = fakeIo();

    expect(await main(words, io)).toBe(2);
    expect(io.said()).toContain(`bide: ${sentence}`);
  });
});
