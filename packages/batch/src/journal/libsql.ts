import Libsql from "libsql";
import type { Database, Row, Statement } from "./database.js";

/** SQLite through libsql: its binaries come inside the npm packages, so that nothing is compiled. */
export function openLibsql(path: string): Database {
  const database = new Libsql(path);
  return {
    exec: (sql) => {
      database.exec(sql);
    },
    prepare: (sql) => statementOf(database, sql),
    close: () => {
      database.close();
    },
  };
}

function statementOf(database: Libsql.Database, sql: string): Statement {
  const statement = database.prepare(sql);
  // Without `raw`, libsql adds a key of its own to each row.
  if (statement.reader) statement.raw(true);
  return {
    run: (...values) => {
      statement.run(values);
    },
    get: (...values) => rowOf(statement.get(values)),
    rows: (...values) => rowsOf(statement.iterate(values)),
  };
}

function* rowsOf(rows: Iterable<unknown>): Iterable<Row> {
  for (const row of rows) yield rowOf(row) ?? [];
}

function rowOf(row: unknown): Row | undefined {
  return Array.isArray(row) ? row : undefined;
}
