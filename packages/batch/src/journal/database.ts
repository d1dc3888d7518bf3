/** A value in a row. */
export type SqlValue = string | number | null | Uint8Array;

/** A row, its values in the order of the query. */
export type Row = readonly unknown[];

/** A prepared statement. */
export interface Statement {
  run(...values: readonly SqlValue[]): void;
  get(...values: readonly SqlValue[]): Row | undefined;
  rows(...values: readonly SqlValue[]): Iterable<Row>;
}

/** All that the journal asks of an embedded SQL store. Calls are synchronous; errors carry SQLite's name in `code`. */
export interface Database {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}

/** Opens the database file at `path`, or makes it. */
export type OpenDatabase = (path: string) => Database;
