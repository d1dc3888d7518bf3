import type { Database, SqlValue, Statement } from "./database.js";

/** So many rows go into the store with one call: the call costs as much as the writing of a row. */
const ROWS_PER_CALL = 8;

/** Writes rows by the same statement, many at a time. */
export class Bulk {
  readonly #one: Statement;
  readonly #many: Statement;
  readonly #rows: (readonly SqlValue[])[] = [];

  /** @param sql The statement around its rows, which it takes as `(?, ?), (?, ?), …`. @param columns Of each row. */
  constructor(database: Database, sql: (rows: string) => string, columns: number) {
    const row = `(${Array(columns).fill("?").join(", ")})`;
    this.#one = database.prepare(sql(row));
    this.#many = database.prepare(sql(Array(ROWS_PER_CALL).fill(row).join(", ")));
  }

  add(row: readonly SqlValue[]): void {
    if (this.#rows.push(row) === ROWS_PER_CALL) this.#many.run(...this.#rows.splice(0).flat());
  }

  /** Writes the rows that are still held back. */
  flush(): void {
    for (const row of this.#rows.splice(0)) this.#one.run(...row);
  }
}
