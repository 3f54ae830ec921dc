/** Tables for people, and the same for spreadsheets. */

/** Names, reasons and references are strangers' texts: none moves a terminal's cursor, or begins a row. */
const plain = (text: string): string => text.replace(/\p{C}/gu, '?');

/** Columns as wide as their widest cell; those in `rightAligned` hold figures. */
export const tableOf = (cells: readonly (readonly string[])[], rightAligned: readonly number[]): string => {
  const rows = cells.map((row) => row.map(plain));
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (rightAligned.includes(i) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd();
  return rows.map(line).join('\n');
};

/** RFC 4180, but for the line ends: a cell with a comma, a quote or a line end is quoted. */
export const csvOf = (rows: readonly (readonly string[])[]): string => {
  const cell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return rows.map((row) => row.map(cell).join(',')).join('\n');
};
