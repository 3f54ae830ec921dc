/** One table as data: its columns, in what order, and which make the key. */

/** text, bytes: as they are, or null. nano: bigint of 64 bits. count: a number below 2^53. flag: 0 or 1. */
export type ColumnType = 'text' | 'bytes' | 'nano' | 'count' | 'flag';
type Column = { readonly field: string; readonly name: string; readonly type: ColumnType };

export type Table = {
  readonly name: string;
  readonly columns: readonly Column[];
  /** Leading columns that make the key. */
  readonly keyColumns: number;
  /** Columns before this one are written once, which spares the indexes over them. */
  readonly firstMutable: number;
};

type Described<Row> = { readonly [F in keyof Row]-?: ColumnType | readonly [string, ColumnType] };

const snake = (field: string): string => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Columns in the order they are described; a name of its own where the database has a word like it. */
export const tableOf = <Row>(
  name: string,
  keyColumns: number,
  described: Described<Row>,
  firstMutable: keyof Row | null = null,
): Table => {
  const columns = Object.entries<ColumnType | readonly [string, ColumnType]>(described).map(
    ([field, said]) =>
      typeof said === 'string'
        ? { field, name: snake(field), type: said }
        : { field, name: said[0], type: said[1] },
  );
  const mutable =
    firstMutable === null ? keyColumns : columns.findIndex(({ field }) => field === firstMutable);
  return { name, columns, keyColumns, firstMutable: mutable };
};
