import { gzipSync } from "node:zlib";
import { answerTextOf } from "@bide/llm";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type BatchLine, batchResults } from "../src/index.js";
import { batchLines, type Fixture, fixture, prompts } from "./batch-fixture.js";

let f: Fixture;

beforeEach(async () => {
  f = await fixture();
});
afterEach(() => f.close());

/** The texts of the answers in an output. */
function answers(name: string): readonly (string | undefined)[] {
  return f.lines(name).map(({ response }) => answerTextOf(response?.body));
}

describe("Batch lines", () => {
  test("a compressed file is run as the file that it was made of", async () => {
    await f.run(f.write("prompts.jsonl", batchLines(prompts(5))));
    const plain = f.read("results.jsonl");
    const summary = await f.run(f.write("prompts.jsonl.gz", gzipSync(batchLines(prompts(5)))));
    expect(summary).toMatchObject({ succeeded: 5, before: 5, attempts: 0 });
    expect(f.read("results.jsonl")).toBe(plain);
  });

  test("a compressed file that is cut off is refused, and leaves nothing behind", async () => {
    const input = f.write("prompts.jsonl.gz", gzipSync(batchLines(prompts(50))).subarray(0, 200));
    await expect(f.run(input)).rejects.toThrow("the gzip data is broken or ends too early");
    expect(() => f.read("results.jsonl.bide")).toThrow("ENOENT");
  });

  test("each url is sent where it says, and its usage is counted", async () => {
    const lines = [
      {
        custom_id: "a",
        method: "POST",
        url: "/v1/chat/completions",
        body: { model: "emu", messages: [{ role: "user", content: "Hi" }] },
      },
      { custom_id: "b", method: "POST", url: "/v1/responses", body: { model: "emu", input: "Hi" } },
      { custom_id: "c", method: "POST", url: "/v1/embeddings", body: { model: "emu", input: "Hi" } },
    ];
    const summary = await f.run(f.write("prompts.jsonl", lines.map((line) => JSON.stringify(line)).join("\n")));
    expect(summary).toMatchObject({ succeeded: 3, failed: 0 });
    expect(summary.inputTokens).toBeGreaterThanOrEqual(3);
    expect(f.lines("results.jsonl").map(({ response }) => response?.body["object"])).toEqual([
      "chat.completion",
      "response",
      "list",
    ]);
  });

  test("a model that is given takes the place of those in the file, and another one runs everything again", async () => {
    const input = f.write("prompts.jsonl", batchLines(prompts(2)));
    await f.run(input, { model: "other" });
    expect(f.lines("results.jsonl").map(({ response }) => response?.body["model"])).toEqual(["other", "other"]);
    expect(await f.run(input, { model: "other" })).toMatchObject({ attempts: 0 });
    expect(await f.run(input, { model: "third" })).toMatchObject({ before: 0, attempts: 2 });
  });

  test("results stand in the order in which they came, where that is asked for", async () => {
    const input = f.write("prompts.jsonl", batchLines(["slow", "b", "c"]));
    const held: (() => void)[] = [];
    const fetchHeld: typeof fetch = async (url, init) => {
      if (String(init?.body).includes("slow")) await new Promise<void>((resolve) => held.push(resolve));
      return fetch(url, init);
    };
    let done = 0;
    await f.run(input, {
      order: "completion",
      fetch: fetchHeld,
      onEvent: ({ type }) => {
        if (type === "item-done" && ++done === 2) for (const release of held) release();
      },
    });
    expect(f.lines("results.jsonl").at(-1)?.custom_id).toBe("id-0");
  });
});

describe("requests as values", () => {
  const values = (...texts: readonly string[]): BatchLine[] =>
    texts.map((content, index) => ({
      custom_id: `id-${index}`,
      body: { model: "emu", messages: [{ role: "user", content }] },
    }));

  test("an async iterable is run, and run again only where it is another one", async () => {
    async function* lines(): AsyncIterable<BatchLine> {
      yield* values("a", "b", "c");
    }
    expect(await f.run(lines())).toMatchObject({ succeeded: 3, attempts: 3 });
    expect(await f.run(values("a", "changed", "c"))).toMatchObject({ before: 2, attempts: 1 });
  });

  test("a value that is no request is refused by its place", async () => {
    const broken = [...values("a"), { custom_id: "b" }] as BatchLine[];
    await expect(f.run(broken)).rejects.toThrow("input, line 2: `body` must be an object");
  });
});

describe("prompts", () => {
  test("a CSV gives the CSV back, with an answer in each row and the rows that failed apart", async () => {
    const input = f.write("cities.csv", 'city,land\nParis,France\n"San José, CR","Costa ""Rica"""\r\nKyōto,日本\n');
    const template = { model: "emu", messages: [{ role: "user", content: "Is {{city}} in {{land}}?" }] };
    await f.run(input, { output: `${f.folder}/answers.csv`, prompts: { template } });
    const rows = f.read("answers.csv").trimEnd().split("\n");
    expect(rows[0]).toBe("city,land,answer");
    expect(rows[1]).toMatch(/^Paris,France,.+/);
    expect(rows[2]).toMatch(/^"San José, CR","Costa ""Rica""",.+/);
    expect(rows[3]).toMatch(/^Kyōto,日本,.+/);
    expect(rows).toHaveLength(4);
  });

  test("the same rows in another order, with a new one between them, run the new one only", async () => {
    const options = { model: "emu", prompts: { column: "question" } };
    await f.run(f.write("q.csv", "question\nfirst\nsecond\nfirst\n"), options);
    const again = await f.run(f.write("q.csv", "question\nsecond\nnew\nfirst\nfirst\n"), options);
    expect(again).toMatchObject({ total: 4, before: 3, attempts: 1 });
  });

  test("a text file has a prompt in each line that is not blank, whatever editor wrote it", async () => {
    await f.run(f.write("p.txt", "\uFEFFone\r\n\r\ntwo\r\n"), { model: "emu" });
    const plain = answers("results.jsonl");
    await f.run(f.write("q.txt", "one\ntwo"), { model: "emu", output: `${f.folder}/plain.jsonl` });
    expect(plain).toEqual(answers("plain.jsonl"));
    expect(plain).toHaveLength(2);
  });

  test("a JSONL of records fills a template with texts, numbers and lists, and brings its own names", async () => {
    const input = f.write("r.jsonl", '{"custom_id":"x","words":["a","b"],"n":7}\n{"custom_id":"y","words":[],"n":8}\n');
    const template = { url: "/v1/embeddings", body: { model: "emu", input: "{{words}} {{n}}", dimensions: "{{n}}" } };
    const sent: unknown[] = [];
    const recorded: typeof fetch = (url, init) => {
      sent.push(JSON.parse(String(init?.body)));
      return fetch(url, init);
    };
    await f.run(input, { prompts: { template }, fetch: recorded });
    expect(sent).toContainEqual({ model: "emu", input: '["a","b"] 7', dimensions: 7 });
    expect(f.lines("results.jsonl").map(({ custom_id }) => custom_id)).toEqual(["x", "y"]);
  });

  test.each([
    [
      "a column that is not there",
      "a.csv",
      "a,b\n1,2\n",
      'a.csv, line 1: there is no column "prompt"; the columns are "a", "b"',
    ],
    ["a column twice", "a.csv", "prompt,prompt\n1,2\n", 'a.csv, line 1: the column "prompt" is there twice'],
    [
      "a row with a field too many",
      "a.csv",
      "prompt\nx\ny,z\n",
      "a.csv, line 3: the record has more or fewer fields than the header",
    ],
    ["a quote that is never closed", "a.csv", 'prompt\nx\n"y\n', "a field begins with a quote that is never closed"],
    ["a quote inside of a field", "a.csv", 'prompt\nx "y"\n', "a.csv, line 2: a quote stands in the middle of a field"],
    ["a record that is no object", "a.jsonl", "[]\n", "a.jsonl, line 1: not a JSON object"],
    ["a record without the field", "a.jsonl", '{"other":1}\n', "a.jsonl, line 1: there is no field `prompt`"],
    ["broken UTF-8", "a.txt", Buffer.from([0x61, 0x0a, 0xff]), "a.txt, line 2: not valid UTF-8"],
    ["nothing at all", "a.txt", "\n\n", "a.txt: the file holds no requests"],
  ])("%s: named by its line, and nothing is touched", async (_, name, content, reason) => {
    const input = f.write(name, content);
    const prompts = name.endsWith(".jsonl") ? { column: "prompt" } : undefined;
    await expect(f.run(input, { model: "emu", prompts })).rejects.toThrow(reason);
    expect(() => f.read("results.jsonl.bide")).toThrow("ENOENT");
    expect(f.emulator.stats().arrivals).toBe(0);
  });

  test("an output of rows needs an input of rows", async () => {
    const input = f.write("prompts.jsonl", batchLines(["a"]));
    await expect(f.run(input, { output: `${f.folder}/out.csv` })).rejects.toThrow("no CSV came in; name it .jsonl");
  });
});

describe("results as values", () => {
  test("each one comes once, those of earlier runs first, and the summary at the end", async () => {
    const input = f.write("prompts.jsonl", batchLines(prompts(30)));
    await f.run(input, { limit: 5 });
    const { baseUrl } = f.emulator;
    const results = batchResults({ input, output: f.output, baseUrl });
    const ids: string[] = [];
    let step = await results.next();
    for (; !step.done; step = await results.next()) ids.push(step.value.custom_id);
    expect(ids.slice(0, 5)).toEqual(["id-0", "id-1", "id-2", "id-3", "id-4"]);
    expect(new Set(ids).size).toBe(30);
    expect(ids).toHaveLength(30);
    expect(step.value).toMatchObject({ succeeded: 30, before: 5, attempts: 25 });
  });

  test("a reader who leaves ends the run, and the next one goes on", async () => {
    const input = f.write("prompts.jsonl", batchLines(prompts(200)));
    const options = { input, output: f.output, baseUrl: f.emulator.baseUrl, concurrency: 2, quota: { learn: false } };
    let taken = 0;
    for await (const _ of batchResults(options)) if (++taken === 10) break;
    const { arrivals } = f.emulator.stats();
    expect(arrivals).toBeLessThan(50);
    expect(await f.run(input)).toMatchObject({ succeeded: 200, attempts: 200 - arrivals });
  });

  test("what is wrong with the input is thrown where the results are read", async () => {
    const results = batchResults({ input: f.write("x.jsonl", "{"), output: f.output, baseUrl: f.emulator.baseUrl });
    await expect(results.next()).rejects.toThrow("line 1: not valid JSON");
  });
});
