/** Tables for people, and the same for spreadsheets. */

/** "1.508" has three. */
const decimalsOf = (cell: string): number => /^-?\d+\.(\d+)$/.exec(cell)?.[1]?.length ?? 0;

const most = (numbers: readonly number[]): number => numbers.reduce((a, b) => Math.max(a, b), 0);

/** Figures stand on the right, those with decimals with one point below the other. */
const columnOf = (cells: readonly string[], isFigures: boolean): readonly string[] => {
  const decimals = isFigures ? most(cells.map(decimalsOf)) : 0;
  const aligned = cells.map((cell) => {
    const own = decimalsOf(cell);
    return own === 0 ? cell : cell + ' '.repeat(Math.max(decimals - own, 0));
  });
  const width = most(aligned.map((cell) => cell.length));
  return aligned.map((cell) => (isFigures ? cell.padStart(width) : cell.padEnd(width)));
};

/** Names, reasons and references are strangers' texts: none moves a terminal's cursor, or begins a row. */
const plain = (text: string): string => text.replace(/\p{C}/gu, '?');

/** Columns as wide as their widest cell; `figures` says which hold figures. */
export const tableOf = (rows: readonly (readonly string[])[], figures: readonly number[]): string => {
  const columns = (rows[0] ?? []).map((_, i) =>
    columnOf(
      rows.map((row) => plain(row[i]!)),
      figures.includes(i),
    ),
  );
  return rows
    .map((_, r) =>
      columns
        .map((cells) => cells[r]!)
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
};

/** RFC 4180, but for the line ends: a cell with a comma, a quote or a line end is quoted. */
export const csvOf = (rows: readonly (readonly string[])[]): string => {
  const cell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return rows.map((row) => row.map(cell).join(',')).join('\n');
};
