import type { Row } from "./database.js";

/** The integer in a column. @throws UnexpectedRow for anything else: the file is not what this program wrote. */
export function integerIn(row: Row | undefined, column: number): number {
  const value = row?.[column];
  if (typeof value !== "number" || !Number.isSafeInteger(value)) throw wrong(column, "an integer");
  return value;
}

/** The integer in a column, or `undefined` for NULL. */
export function optionalIntegerIn(row: Row, column: number): number | undefined {
  return row[column] === null ? undefined : integerIn(row, column);
}

/** The text in a column. */
export function textIn(row: Row | undefined, column: number): string {
  const value = row?.[column];
  if (typeof value !== "string") throw wrong(column, "a text");
  return value;
}

/** The number in a column. */
export function numberIn(row: Row | undefined, column: number): number {
  const value = row?.[column];
  if (typeof value !== "number") throw wrong(column, "a number");
  return value;
}

/** The number in a column, or `undefined` for NULL. */
export function optionalNumberIn(row: Row, column: number): number | undefined {
  return row[column] === null ? undefined : numberIn(row, column);
}

/** The text in a column, or `undefined` for NULL. */
export function optionalTextIn(row: Row, column: number): string | undefined {
  return row[column] === null ? undefined : textIn(row, column);
}

/** The bytes in a column. */
export function bytesIn(row: Row | undefined, column: number): Buffer {
  const value = row?.[column];
  if (!(value instanceof Uint8Array)) throw wrong(column, "bytes");
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

/** A row that this program did not write so. */
export class UnexpectedRow extends TypeError {}

function wrong(column: number, expected: string): UnexpectedRow {
  return new UnexpectedRow(`column ${column} does not hold ${expected}`);
}
