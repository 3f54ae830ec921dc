/** Comma-separated values (RFC 4180), from chunks of text: quoted fields, CRLF or LF, places for messages. */

import { ok, type Result, refuse } from '../../../schemas/result.ts';

export type Field = {
  readonly text: string;
  /** Counted from 1, in characters of the record. */
  readonly column: number;
};
/** `line` is where the record begins, counted from 1. */
export type CsvRecord = { readonly line: number; readonly fields: readonly Field[] };

/** A quote that is never closed must not swallow the file. */
const RECORD_CHARS_MAX = 65_536;

const PLAIN = /^[^"]*$/;
/** One field and what ends it; spaces round a field that is not quoted are none of its own. */
const FIELD = /[ \t]*(?:"((?:[^"]|"")*)"[ \t]*|([^",]*))(,|$)/y;

const fieldsOf = (record: string): Field[] | number => {
  const fields: Field[] = [];
  FIELD.lastIndex = 0;
  for (let at = 0; ; at = FIELD.lastIndex) {
    const found = FIELD.exec(record);
    if (found === null) return at + 1;
    const text = found[1] === undefined ? found[2]!.trim() : found[1].replaceAll('""', '"');
    fields.push({ text, column: at + 1 });
    if (found[3] === '') return fields;
  }
};

const plainFields = (record: string): Field[] => {
  let column = 1;
  return record.split(',').map((text) => {
    const field = { text: text.trim(), column };
    column += text.length + 1;
    return field;
  });
};

/** Where the record that begins at `from` ends: at a line's end outside quotes; -1 where that is not there yet. */
const endOf = (text: string, from: number): number => {
  let end = text.indexOf('\n', from);
  let quote = text.indexOf('"', from);
  while (quote !== -1 && quote < end) {
    const closing = text.indexOf('"', quote + 1);
    if (closing === -1) return -1;
    if (closing > end) end = text.indexOf('\n', closing);
    quote = text.indexOf('"', closing + 1);
  }
  return end;
};

const parse = (record: string, line: number): Result<CsvRecord> => {
  const text = record.endsWith('\r') ? record.slice(0, -1) : record;
  const fields = PLAIN.test(text) ? plainFields(text) : fieldsOf(text);
  if (typeof fields !== 'number') return ok({ line, fields });
  const remedy = 'put the whole field in quotes and write a quote in it twice';
  return refuse('config-invalid', `line ${line}, column ${fields}: a quote is out of place: ${remedy}`);
};

const linesIn = (text: string): number => {
  let lines = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines++;
  return lines;
};

/** Every record, or the first thing wrong; empty lines are none. Code: config-invalid. */
export const csvRecords = function* (chunks: Iterable<string>): Generator<Result<CsvRecord>, void> {
  let rest = '';
  let line = 1;
  const tooLong = (): Result<never> =>
    refuse(
      'config-invalid',
      `line ${line}: a record of more than ${RECORD_CHARS_MAX} characters: close the quotes`,
    );
  for (const chunk of chunks) {
    const text = rest + chunk;
    let from = 0;
    for (let end = endOf(text, from); end !== -1; end = endOf(text, from)) {
      const record = text.slice(from, end);
      if (record.length > RECORD_CHARS_MAX) return yield tooLong();
      if (record.trim() !== '') yield parse(record, line);
      line += 1 + linesIn(record);
      from = end + 1;
    }
    rest = text.slice(from);
    if (rest.length > RECORD_CHARS_MAX) return yield tooLong();
  }
  if (rest.trim() !== '') yield parse(rest, line);
};

/** A field as it must be written to be read back as it is. */
export const csvField = (text: string): string =>
  /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
