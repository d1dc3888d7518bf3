/** Names with what belongs to them, one a line; a row without a text is left out. */
export function rowsText(rows: readonly (readonly [name: string, text: string | undefined])[]): string {
  const shown = rows.filter(([, text]) => text !== undefined);
  const width = Math.max(...shown.map(([name]) => name.length));
  return shown.map(([name, text]) => `${name.padEnd(width)}  ${text}`).join("\n");
}
