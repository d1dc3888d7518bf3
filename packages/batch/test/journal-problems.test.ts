import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import Libsql from "libsql";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Database, JournalError, openLibsql, readJournal } from "../src/index.js";
import { batchLines, type Fixture, fixture, prompts } from "./batch-fixture.js";

let f: Fixture;
let input: string;

beforeEach(async () => {
  f = await fixture();
  input = f.write("prompts.jsonl", batchLines(prompts(40)));
});
afterEach(() => f.close());

/** A store whose `count`th commit fails as SQLite does. */
function failingAt(count: number, code: string): (path: string) => Database {
  let commits = 0;
  return (path) => {
    const database = openLibsql(path);
    if (path.endsWith(".lock")) return database;
    const exec = (sql: string): void => {
      if (sql === "COMMIT" && ++commits === count) throw Object.assign(new Error("from SQLite"), { code });
      database.exec(sql);
    };
    return { ...database, exec };
  };
}

/** The same with the journal opened by hand. */
function edit(sql: string): void {
  const database = new Libsql(`${f.output}.bide`);
  database.exec(sql);
  database.close();
}

describe("a store that fails in the middle", () => {
  test.each([
    ["SQLITE_FULL", "full", "the disk is full; free some space and run the same command again"],
    ["SQLITE_IOERR_WRITE", "unwritable", "cannot be written; check the folder, its rights and the disk"],
    ["SQLITE_READONLY", "unwritable", "cannot be written"],
  ])("%s: one clear sentence, and the next run goes on with nothing lost", async (code, problem, sentence) => {
    const done: string[] = [];
    const run = f.run(input, {
      concurrency: 4,
      // After those of the layout, the import and the run's begin, and of one group.
      openDatabase: failingAt(5, code),
      onEvent: (event) => {
        if (event.type === "item-done") done.push(event.customId);
      },
    });
    await expect(run).rejects.toMatchObject({ problem, message: expect.stringContaining(sentence) });
    expect(done.length).toBeGreaterThan(0);
    const sent: string[] = [];
    const noted: typeof fetch = (url, init) => {
      sent.push(String(init?.body));
      return fetch(url, init);
    };
    expect(await f.run(input, { fetch: noted })).toMatchObject({ succeeded: 40, open: 0 });
    const again = done.filter((id) => sent.some((body) => body.includes(`What is ${id.slice(3)} and`)));
    expect(again).toEqual([]);
  });

  test("as the run begins: nothing was sent, and the next run does it all", async () => {
    await expect(f.run(input, { openDatabase: failingAt(3, "SQLITE_FULL") })).rejects.toMatchObject({
      problem: "full",
    });
    expect(f.emulator.stats().arrivals).toBe(0);
    expect(await f.run(input)).toMatchObject({ succeeded: 40, open: 0 });
  });

  test("at the import: nothing was sent, and nothing is left behind", async () => {
    await expect(f.run(input, { openDatabase: failingAt(2, "SQLITE_FULL") })).rejects.toMatchObject({
      problem: "full",
    });
    expect(existsSync(`${f.output}.bide`)).toBe(false);
    expect(f.emulator.stats().arrivals).toBe(0);
  });
});

test("an input that throws is no damage of the journal: its own error comes out, and nothing is left behind", async () => {
  const error = new TypeError("rows is not a function");
  async function* broken() {
    yield { custom_id: "a", body: { model: "emu" } };
    throw error;
  }
  await expect(f.run(broken())).rejects.toBe(error);
  expect(existsSync(`${f.output}.bide`)).toBe(false);
});

describe("a store that fails as the results are written", () => {
  test.each([
    ["SQLITE_CORRUPT", "database disk image is malformed", "damaged"],
    ["SQLITE_IOERR_READ", "disk I/O error", "unwritable"],
  ])("%s: one clear sentence, and the run is known to have ended with an error", async (code, message, problem) => {
    const openDatabase = (path: string): Database => {
      const database = openLibsql(path);
      const prepare: Database["prepare"] = (sql) => {
        const statement = database.prepare(sql);
        const rows = (): never => {
          throw Object.assign(new Error(message), { code });
        };
        return sql.includes("results.line") ? { ...statement, rows } : statement;
      };
      return { ...database, prepare };
    };
    const error = await f.run(input, { openDatabase }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(JournalError);
    expect(error).toMatchObject({ problem, cause: { code } });
    const reader = readJournal(f.output);
    expect(reader.runs().at(-1)).toMatchObject({ ending: "error" });
    reader.close();
    expect(await f.run(input)).toMatchObject({ succeeded: 40, attempts: 0 });
  });

  test("nor is a run said to have been killed whose results cannot be put in place", async () => {
    mkdirSync(`${f.output}.tmp`);
    await expect(f.run(input)).rejects.toThrow("cannot be written (EISDIR)");
    const reader = readJournal(f.output);
    expect(reader.runs().at(-1)).toMatchObject({ ending: "error" });
    reader.close();
  });
});

describe("a journal that is not as it was left", () => {
  beforeEach(async () => {
    await f.run(input);
  });

  test("of a newer version: it is left alone", async () => {
    edit("PRAGMA user_version = 99");
    await expect(f.run(input)).rejects.toMatchObject({
      problem: "newer",
      message: expect.stringContaining(
        "version 99 of the format, and this program knows versions up to 2; update bide",
      ),
    });
  });

  test("of the version before workers: it can be read, and a run goes on with it", async () => {
    edit("ALTER TABLE attempts DROP COLUMN worker");
    edit("PRAGMA user_version = 1");
    const attempts = (): number => {
      const journal = readJournal(f.output);
      const count = [...journal.attempts()].length;
      journal.close();
      return count;
    };
    expect(attempts()).toBe(40);
    const more = f.write("prompts.jsonl", batchLines([...prompts(40), "new"]));
    expect(await f.run(more)).toMatchObject({ succeeded: 41, before: 40 });
    expect(attempts()).toBe(41);
  });

  test("cut off: said, and not repaired by guessing", async () => {
    const file = openSync(`${f.output}.bide`, "r+");
    ftruncateSync(file, Math.floor(statSync(`${f.output}.bide`).size / 2));
    closeSync(file);
    await expect(f.run(input)).rejects.toMatchObject({ problem: "damaged" });
    expect(f.emulator.stats().arrivals).toBe(40);
  });

  test("overwritten within a result: the result is named and not written", async () => {
    edit("UPDATE results SET line = replace(line, 'assistant', 'imposters') WHERE id = 7");
    const before = readFileSync(f.output, "utf8");
    await expect(f.run(f.write("prompts.jsonl", batchLines([...prompts(40), "new"])))).rejects.toMatchObject({
      problem: "damaged",
      message: expect.stringMatching(/the result of "id-\d+" is not as it was written/),
    });
    expect(readFileSync(f.output, "utf8")).toBe(before);
    const journal = readJournal(f.output);
    expect(() => [...journal.items()]).toThrow("is not as it was written");
    journal.close();
  });

  test("with a column of another name: it was edited", async () => {
    edit("ALTER TABLE runs RENAME COLUMN ending TO over");
    await expect(f.run(input)).rejects.toMatchObject({ problem: "damaged" });
    const journal = readJournal(f.output);
    expect(() => journal.runs()).toThrow("the journal is damaged or was edited");
    journal.close();
  });

  test("something else altogether: it is not touched", async () => {
    const other = `${f.folder}/other.jsonl`;
    writeFileSync(`${other}.bide`, "my diary");
    await expect(f.run(input, { output: other })).rejects.toMatchObject({ problem: "damaged" });
    expect(readFileSync(`${other}.bide`, "utf8")).toBe("my diary");
  });
});

test("a second run at the same time is refused, and the first one does not notice", async () => {
  let second: unknown;
  const summary = await f.run(input, {
    onEvent: ({ type }) => {
      if (type === "run-started") second = f.run(input).catch((error: unknown) => error);
    },
  });
  expect(summary).toMatchObject({ succeeded: 40, attempts: 40 });
  expect(await second).toMatchObject({
    problem: "locked",
    message: expect.stringContaining("another run is working on it"),
  });
});

test("whether a run is going on, and how it stands, can be seen from outside", async () => {
  const seen: unknown[] = [];
  await f.run(input, {
    onEvent: ({ type }) => {
      if (type !== "run-started" && type !== "run-stopping") return;
      const journal = readJournal(f.output);
      seen.push([journal.isRunning, journal.counts()]);
      journal.close();
    },
  });
  expect(seen).toEqual([[true, { total: 40, open: 40, succeeded: 0, failed: 0 }]]);
});
