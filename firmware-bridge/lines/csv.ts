/**
 * Lines of columns. A field is the name of a column, from the configuration or from a header line, or else its
 * number, from 1.
 */

import { ok, type Result, refuse } from '../../schemas/result.ts';
import { type Format, readingText, type Sink, shown } from './format.ts';
import { type MappedField, readMapped } from './mapping.ts';

const DELIMITERS = { comma: ',', semicolon: ';', tab: '\t', space: ' ' } as const;
export type Delimiter = keyof typeof DELIMITERS;

export type CsvOptions = {
  readonly delimiter?: Delimiter | undefined;
  /** Names of the columns. */
  readonly columns?: readonly string[] | undefined;
  /** The instrument says the names itself, in a line before the first values. */
  readonly header?: boolean | undefined;
};

/** RFC 4180: a cell in quotes may hold the delimiter, and a quote is two. Undefined where a quote is not closed. */
const quotedCells = (line: string, delimiter: string): string[] | undefined => {
  const cells: string[] = [];
  let cell = '';
  let isQuoted = false;
  for (let i = 0; i < line.length; i++) {
    const letter = line.charAt(i);
    if (letter === '"' && isQuoted && line.charAt(i + 1) === '"') cell += line.charAt(i++);
    else if (letter === '"') isQuoted = !isQuoted;
    else if (letter === delimiter && !isQuoted) {
      cells.push(cell);
      cell = '';
    } else cell += letter;
  }
  cells.push(cell);
  return isQuoted ? undefined : cells;
};

const cellsOf = (line: string, delimiter: Delimiter): string[] | undefined => {
  if (line.includes('"')) return quotedCells(line, DELIMITERS[delimiter]);
  return delimiter === 'space' ? line.trim().split(/\s+/) : line.split(DELIMITERS[delimiter]);
};

class Csv implements Format {
  readonly quantities;
  readonly isCutUnseen = true;
  readonly read = readingText((line, sink) => this.#read(line, sink));
  readonly #fields: readonly MappedField[];
  readonly #delimiter: Delimiter;
  readonly #hasHeader: boolean;
  /** Undefined where columns have numbers only, or the header has not come yet. */
  #columns: readonly string[] | undefined;

  constructor(fields: readonly MappedField[], { delimiter = 'comma', columns, header = false }: CsvOptions) {
    this.quantities = fields.map(({ quantity }) => quantity);
    this.#fields = fields;
    this.#delimiter = delimiter;
    this.#columns = columns;
    this.#hasHeader = header;
  }

  board(): string {
    return 'CSV';
  }

  #read(line: string, sink: Sink): undefined {
    const cells = cellsOf(line, this.#delimiter)?.map((cell) => cell.trim());
    if (cells === undefined)
      sink.refuse(refuse('object-malformed', `a quote is not closed in ${shown(line)}`));
    else if (this.#hasHeader && this.#fields.every(({ field }) => cells.includes(field)))
      this.#columns = cells;
    else if (this.#hasHeader && this.#columns === undefined) {
      const reason = `no header line has come before ${shown(line)}: restart the instrument, or name the columns`;
      sink.refuse(refuse('object-malformed', reason));
    } else if (this.#columns !== undefined && this.#columns.length !== cells.length) {
      const reason = `${cells.length} columns, not ${this.#columns.length}: ${shown(line)}`;
      sink.refuse(refuse('object-malformed', reason));
    } else this.#readCells(cells, sink);
  }

  #readCells(cells: readonly string[], sink: Sink): void {
    const columns = this.#columns;
    readMapped(
      this.#fields,
      (field) => cells[columns === undefined ? Number(field) - 1 : columns.indexOf(field)],
      () => columns ?? cells.map((_, i) => String(i + 1)),
      sink,
    );
  }
}

/** Codes: config-invalid. */
export const csv = (fields: readonly MappedField[], options: CsvOptions): Result<Format> => {
  const { columns, header = false } = options;
  if (columns !== undefined && header)
    return refuse(
      'config-invalid',
      'columns are named by the configuration or by a header line, not by both',
    );
  const wrong = fields.find(({ field }) =>
    columns === undefined ? !header && !/^[1-9]\d{0,3}$/.test(field) : !columns.includes(field),
  );
  if (wrong === undefined) return ok(new Csv(fields, options));
  const known =
    columns === undefined ? 'a number from 1; or give columns, or header' : `one of ${columns.join(', ')}`;
  return refuse('config-invalid', `the column ${shown(wrong.field)} must be ${known}`);
};
