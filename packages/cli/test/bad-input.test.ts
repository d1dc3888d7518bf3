import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { main } from "../src/main.js";
import { fakeIo } from "./fake-io.js";

const GOOD = `{"custom_id":"a","method":"POST","url":"/v1/chat/completions","body":{"model":"m","messages":[]}}`;
const NOWHERE = ["--base-url", "http://127.0.0.1:9/v1"];

let folder: string;
let input: string;
let output: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bide-cli-"));
  input = join(folder, "prompts.jsonl");
  output = join(folder, "results.jsonl");
  writeFileSync(input, `${GOOD}\n`);
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Runs the program and returns its exit code and the one sentence that it said. */
async function told(...args: readonly string[]): Promise<{ code: number; said: string }> {
  const io = fakeIo();
  return { code: await main(args, io), said: io.said().trim() };
}

function run(...more: readonly string[]): Promise<{ code: number; said: string }> {
  return told("run", input, "-o", output, ...NOWHERE, ...more);
}

/** Runs something while the folder may only be read. */
async function inReadOnlyFolder<T>(action: () => Promise<T>): Promise<T> {
  const isRoot = process.getuid?.() === 0;
  chmodSync(folder, 0o555);
  // No mode holds root back, so it steps down.
  if (isRoot) process.seteuid?.(65_534);
  try {
    return await action();
  } finally {
    if (isRoot) process.seteuid?.(0);
    chmodSync(folder, 0o700);
  }
}

describe("a file that cannot be run", () => {
  test.each([
    ["not JSON", `${GOOD}\n{"custom_id":`, "line 2: not valid JSON"],
    ["an array", "[]", "line 1: expected a JSON object, got an array"],
    ["no custom_id", GOOD.replace(`"custom_id":"a",`, ""), "line 1: `custom_id` is missing"],
    ["a doubled custom_id", `${GOOD}\n${GOOD}`, 'line 2: `custom_id` "a" is doubled; line 1 has it too'],
    ["an unknown url", GOOD.replace("/v1/chat/completions", "/v1/chat"), 'line 1: unknown `url` "/v1/chat"'],
    ["a method that is not POST", GOOD.replace("POST", "GET"), 'line 1: `method` must be "POST"'],
    ["no body", GOOD.replace(/,"body".*/, "}"), "line 1: `body` must be an object"],
    ["a streamed answer", GOOD.replace(`"model"`, `"stream":true,"model"`), "line 1: `body.stream` is true"],
    ["a byte order mark", `\uFEFF${GOOD}`, "line 1: the file begins with a byte order mark"],
    ["CR LF", `${GOOD}\r\n`, "line 1: the line ends in CR LF"],
    ["a blank line", `${GOOD}\n\n`, "line 2: the line is blank"],
  ])("%s: names the line, exits with 2 and leaves nothing behind", async (_, text, sentence) => {
    writeFileSync(input, text);

    const { code, said } = await run();

    expect(said).toContain(sentence);
    expect(said.split("\n")).toHaveLength(1);
    expect(code).toBe(2);
    expect(readdirSync(folder)).toEqual(["prompts.jsonl"]);
  });

  test("broken UTF-8: names the line and the byte", async () => {
    writeFileSync(input, Buffer.concat([Buffer.from(`${GOOD}\n{"custom_id":"`), Buffer.from([0xff, 0x22])]));

    expect((await run()).said).toContain("line 2: not valid UTF-8 (byte 0xFF at position 15 of the line)");
  });

  test("300 MB on one line: refused before they fill the memory", { timeout: 30_000 }, async () => {
    const piece = Buffer.alloc(30 * 1024 * 1024, "x");
    writeFileSync(input, `${GOOD}\n{"custom_id":"`);
    for (let piecesLeft = 10; piecesLeft > 0; piecesLeft--) appendFileSync(input, piece);
    const before = process.memoryUsage().rss;

    const { code, said } = await run();

    expect(said).toContain("line 2: the line is longer than 32 MiB, the most that one may have");
    expect(code).toBe(2);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
  });

  test("an empty file", async () => {
    writeFileSync(input, "");

    expect(await run()).toEqual({ code: 2, said: `bide: ${input}: the file is empty` });
  });

  test("no such file", async () => {
    rmSync(input);

    expect(await run()).toEqual({ code: 2, said: `bide: ${input}: no such file` });
  });

  test("leaves the results of an earlier run as they were", async () => {
    writeFileSync(output, "earlier\n");
    writeFileSync(input, "{");

    expect((await run()).code).toBe(2);
    expect(readFileSync(output, "utf8")).toBe("earlier\n");
  });
});

describe("an output that cannot be written", () => {
  test("a folder that does not exist", async () => {
    output = join(folder, "none", "results.jsonl");

    expect(await run()).toEqual({
      code: 2,
      said: `bide: ${output}: the folder ${join(folder, "none")} does not exist`,
    });
  });

  test("a folder in place of the file", async () => {
    mkdirSync(output);

    expect(await run()).toEqual({ code: 2, said: `bide: ${output}: is a folder, not a file` });
  });

  test("a folder that may not be written", async () => {
    const { code, said } = await inReadOnlyFolder(() => run());

    expect(said).toMatch(/^bide: \S+: (the folder \S+ may not|cannot) be written/);
    expect(code).toBe(2);
  });

  test("results that another program wrote", async () => {
    writeFileSync(output, "precious\n");

    const { code, said } = await run();

    expect(said).toContain("exists, and no journal of bide stands beside it");
    expect(code).toBe(2);
    expect(readFileSync(output, "utf8")).toBe("precious\n");
    expect(existsSync(`${output}.bide`)).toBe(false);
  });
});

describe("a command line that cannot be", () => {
  test.each([
    [["--rpm", "0"], "option '--rpm <n>' argument '0' is invalid. Expected an integer >= 1."],
    [["--tpm", "many"], "option '--tpm <n>' argument 'many' is invalid"],
    [["--rpn", "5"], "unknown option '--rpn'\n(Did you mean --rpm?)"],
    [["--deadline", "soon"], "Expected a time with its unit"],
    [["--limit", "2", "--sample", "2"], "--limit and --sample exclude each other"],
    [["--endpoint", "http://127.0.0.1:9/v1"], "--endpoint takes the place of --base-url"],
    [["--dialect", "klingon"], "expected `dialect` to be one of azure, openai,"],
    [["--max-cost", "free"], "Expected a number > 0."],
    [["-o", "-"], "Expected the name of a file; for events on stdout there is --json."],
    [["--max-outage", "soon"], "Expected a time with its unit"],
    [["--order", "random"], "Allowed choices are input, completion."],
    [["--prices", "none.json"], "--prices none.json: the file cannot be read"],
    [["--validate", "none.json"], "--validate none.json: the file cannot be read"],
    [["--template", "package.json", "--format", "xml"], "Allowed choices are csv, jsonl, text."],
    [["--base-url", "localhost"], "Expected an address such as http://127.0.0.1:8000/v1."],
  ])("%j", async (options, sentence) => {
    const { code, said } = await run(...options);

    expect(said).toContain(sentence);
    expect(code).toBe(2);
    expect(readdirSync(folder)).toEqual(["prompts.jsonl"]);
  });

  test.each([
    ["localhost", "--endpoint: expected an address such as http://127.0.0.1:8000/v1 first"],
    ["http://127.0.0.1:9/v1 sk-123", "--endpoint: expected key=, rpm=, tpm=, burst= or dialect= behind the address"],
    ["http://127.0.0.1:9/v1 key=sk-123", "--endpoint: expected key= to name a variable of the environment"],
    [
      "http://127.0.0.1:9/v1 key=NO_KEY",
      "--endpoint: expected key= to name a variable of the environment; NO_KEY is not set",
    ],
    ["http://127.0.0.1:9/v1 rpm=0", "--endpoint: expected rpm to be an integer >= 1"],
  ])("--endpoint '%s': said, and no key is repeated", async (spec, sentence) => {
    const { code, said } = await told("run", input, "-o", output, "--endpoint", spec);

    expect(said).toBe(`bide: ${sentence}`);
    expect(said).not.toContain("sk-123");
    expect(code).toBe(2);
  });

  test.each([
    [["run", "--header"], "authorization Bearer sk-123", "--header: expected 'Name: value'"],
    [["run", "--header"], "x-key: sk-123\n", "--header: expected 'Name: value'"],
    [["run", "--header"], "x-key: sk-123€", "--header: the value of x-key has a sign that no header may have"],
    [["run", "--redis"], "reddis://:sk-123@host", "--redis: expected an address such as redis://127.0.0.1:6379"],
    [["worker", "--quota-redis"], "sk-123", "--quota-redis: expected an address such as redis://127.0.0.1:6379"],
  ])("%j '%s': said, and nothing of it is repeated", async ([command = "", option = ""], value, sentence) => {
    const files = command === "run" ? [input, "-o", output] : [];

    expect(await told(command, ...files, option, value)).toEqual({ code: 2, said: `bide: ${sentence}` });
  });

  test.each([
    ["{", "not valid JSON"],
    ['{"type":"nonsense"}', "not a JSON Schema"],
  ])("a schema that is %s", async (text, reason) => {
    const schema = join(folder, "schema.json");
    writeFileSync(schema, text);

    expect((await run("--validate", schema)).said).toContain(`--validate ${schema}: ${reason}`);
  });

  test("no key and no endpoint", async () => {
    const { code, said } = await told("run", input, "-o", output);

    expect(said).toContain("no key and no endpoint: set OPENAI_API_KEY");
    expect(code).toBe(2);
  });

  test("an unknown command: the nearest one is named", async () => {
    expect((await told("rum", input)).said).toContain("Did you mean run?");
  });
});

describe("a key that no header can hold", () => {
  const io = () => fakeIo({ env: { OPENAI_API_KEY: "sk-secret\nsk-secret", SECOND_KEY: "sk-secret€" } });

  test.each([
    [["run"], "OPENAI_API_KEY"],
    [["run", "--endpoint", "http://127.0.0.1:9/v1 key=SECOND_KEY"], "--endpoint: SECOND_KEY"],
    [["chat"], "OPENAI_API_KEY"],
  ])("%j: exit code 2, the variable by its name and not what it holds", async ([command = "", ...more], variable) => {
    const around = io();
    const files = command === "run" ? [input, "-o", output, ...more] : ["Hey! Mista!"];
    expect(await main([command, ...files, ...(more.length > 0 ? [] : NOWHERE)], around)).toBe(2);
    expect(around.said()).toBe(`bide: ${variable} has a sign that no key can have, such as a line end: set it anew\n`);
    expect(readdirSync(folder)).toEqual(["prompts.jsonl"]);
  });
});
