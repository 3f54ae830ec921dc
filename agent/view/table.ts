/** Rows under a head, in columns as wide as their widest cell. */

import { padded, type Styles, visibleLength } from './style.ts';

export type Column = { readonly title: string; readonly right?: boolean };

export const tableLines = (
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  styles: Styles,
): string[] => {
  const widths = columns.map((column, i) =>
    Math.max(column.title.length, ...rows.map((row) => visibleLength(row[i] ?? ''))),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => padded(cell, widths[i]!, columns[i]!.right === true))
      .join('  ')
      .trimEnd();
  return [styles.dim(line(columns.map((column) => column.title))), ...rows.map(line)];
};
