import { afterEach, beforeEach, expect, test } from "vitest";
import type { OpenDatabase } from "../src/journal/database.js";
import { openLibsql } from "../src/journal/libsql.js";
import { batchLines, type Fixture, fixture, prompts } from "./batch-fixture.js";

let f: Fixture;
beforeEach(async () => {
  f = await fixture();
});
afterEach(() => f.close());

/** A store that notes what it is asked. */
function watched(): { open: OpenDatabase; asked: Set<string> } {
  const asked = new Set<string>();
  const open: OpenDatabase = (path) => {
    const database = openLibsql(path);
    const note = (sql: string): string => {
      if (path.endsWith(".bide")) asked.add(sql);
      return sql;
    };
    return { ...database, prepare: (sql) => database.prepare(note(sql)), exec: (sql) => database.exec(note(sql)) };
  };
  return { open, asked };
}

/** Those of the statements that sort, by the plans that a journal of this layout makes. */
function sortingIn(asked: ReadonlySet<string>): readonly string[] {
  const database = openLibsql(`${f.output}.bide`);
  database.exec("CREATE TEMP TABLE next_items AS SELECT * FROM items");
  const reads = [...asked].filter((sql) => sql.startsWith("SELECT") || sql.startsWith("UPDATE"));
  const plans = (sql: string): string => JSON.stringify([...database.prepare(`EXPLAIN QUERY PLAN ${sql}`).rows()]);
  const sorting = reads.filter((sql) => plans(sql).includes("TEMP B-TREE"));
  database.close();
  return sorting;
}

test("a run sorts nothing that is as long as the file", async () => {
  const { open, asked } = watched();
  await f.run(f.write("prompts.jsonl", batchLines(prompts(20))), { openDatabase: open });
  await f.run(f.write("prompts.jsonl", batchLines(prompts(25))), { openDatabase: open });
  expect(sortingIn(asked)).toEqual([]);
  // An index over rows that are there already is sorted as well.
  const made = [...asked].filter((sql) => /^CREATE (TABLE next_items|INDEX)|^INSERT INTO next_items|RENAME/.test(sql));
  expect(made.map((sql) => sql.split(" ", 3).join(" "))).toEqual([
    ...["CREATE INDEX open_items", "CREATE TABLE next_items", "CREATE INDEX open_items"],
    ...["INSERT INTO next_items", "ALTER TABLE next_items"],
  ]);
});

test("results in the order of their completion are sorted by number, and in a file where they are many", async () => {
  const { open, asked } = watched();
  const input = f.write("prompts.jsonl", batchLines(prompts(20)));
  await f.run(input, { openDatabase: open, order: "completion" });
  expect(sortingIn(asked)).toEqual(["SELECT line FROM items WHERE state = ? ORDER BY result"]);
  expect(asked).toContain("PRAGMA temp_store = FILE");
});
