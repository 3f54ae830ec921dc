/**
 * Files of obligations and consents.
 *
 * | file        | columns                  | header                                                     |
 * |-------------|--------------------------|------------------------------------------------------------|
 * | obligations | debtor, creditor, amount | optional; with one, columns may be in any order, more of them too |
 * | consents    | owner, limit             | the same                                                   |
 */

import { closeSync, openSync, readSync } from 'node:fs';
import { ok, type Refusal, type Result, refuse } from '../../../schemas/result.ts';
import { fileRefusal, writeWhole } from '../whole-file.ts';
import { type CsvRecord, csvField, csvRecords } from './csv.ts';
import { readAmount, writeAmount } from './decimal-amount.ts';
import { GROSS_NANO_MAX, type Intake, OBLIGATIONS_MAX, openIntake } from './network.ts';
import type { Consent, Obligation } from './obligation.ts';

const CHUNK_BYTES = 1 << 20;

/** The text of a file; a byte order mark is none of it. Throws a TypeError where it is not UTF-8. */
const chunksOf = function* (path: string): Generator<string, void> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const buffer = new Uint8Array(CHUNK_BYTES);
  const file = openSync(path, 'r');
  try {
    for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer)) {
      yield decoder.decode(buffer.subarray(0, read), { stream: true });
    }
    yield decoder.decode();
  } finally {
    closeSync(file);
  }
};

const failed = (path: string, error: unknown): Refusal => {
  const { code } = error as NodeJS.ErrnoException;
  if (error instanceof TypeError && code === 'ERR_ENCODING_INVALID_ENCODED_DATA') {
    return refuse('config-invalid', `${path} is not UTF-8 text: save it as UTF-8`);
  }
  return fileRefusal(error, (message) => `${path}: ${message}`);
};

type Cell = { readonly text: string; readonly place: string };
type TakeRow = (cells: readonly Cell[], line: number) => Refusal | undefined;

const indexesIn = (names: readonly string[], record: CsvRecord): number[] | undefined => {
  const texts = record.fields.map(({ text }) => text.toLowerCase());
  const indexes = names.map((name) => texts.indexOf(name));
  return indexes.includes(-1) ? undefined : indexes;
};

const cellsOf = (names: readonly string[], indexes: readonly number[], record: CsvRecord): Result<Cell[]> => {
  const cells: Cell[] = [];
  for (const [i, index] of indexes.entries()) {
    const field = record.fields[index];
    if (field === undefined) {
      const remedy = `write ${names.join(',')}`;
      return refuse('config-invalid', `line ${record.line}: the column ${names[i]} is missing: ${remedy}`);
    }
    cells.push({ text: field.text, place: `line ${record.line}, column ${field.column} (${names[i]})` });
  }
  return ok(cells);
};

/** Hands the named columns of every row to `take`; the first refusal ends it. */
const readRows = (path: string, names: readonly string[], take: TakeRow): Refusal | undefined => {
  let indexes: readonly number[] | undefined;
  try {
    for (const record of csvRecords(chunksOf(path))) {
      if (!record.ok) return record;
      if (indexes === undefined) {
        const header = indexesIn(names, record.value);
        indexes = header ?? names.map((_, i) => i);
        if (header !== undefined) continue;
      }
      const cells = cellsOf(names, indexes, record.value);
      const refusal = cells.ok ? take(cells.value, record.value.line) : cells;
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  } catch (error) {
    return failed(path, error);
  }
};

const NAMELESS = 'is empty: write who';
const at = ({ place }: Cell, detail: string, code: Refusal['code'] = 'config-invalid'): Refusal =>
  refuse(code, `${place}: ${detail}`);

export type ObligationsFile = {
  readonly intake: Intake;
  /** The most decimal places that an amount of the file has. */
  readonly places: number;
};

/** Codes: config-invalid, value-out-of-range, storage-failed; the sentence names line, column, value and remedy. */
export const readObligations = (path: string, progress: (text: string) => void): Result<ObligationsFile> => {
  const intake = openIntake();
  let places = 0;
  let gross = 0n;
  const refusal = readRows(path, ['debtor', 'creditor', 'amount'], (cells, line) => {
    const [debtor, creditor, amount] = cells as [Cell, Cell, Cell];
    if (debtor.text === '') return at(debtor, NAMELESS);
    if (creditor.text === '') return at(creditor, NAMELESS);
    if (debtor.text === creditor.text) {
      return at(creditor, `"${creditor.text}" cannot owe itself: take the line out`);
    }
    const read = readAmount(amount.text);
    if (!read.ok) return at(amount, read.detail, read.code);
    gross += read.value.nano;
    if (gross > GROSS_NANO_MAX) {
      return at(
        amount,
        `with "${amount.text}" the sum passes 2^104 - 1 nano: split the file`,
        'value-out-of-range',
      );
    }
    if (intake.count() === OBLIGATIONS_MAX) {
      return at(amount, `more than ${OBLIGATIONS_MAX} obligations: add those of the same two parties first`);
    }
    places = Math.max(places, read.value.places);
    intake.add(debtor.text, creditor.text, read.value.nano);
    if ((line & 0xffff) === 0) progress(`reading ${path}: line ${line}`);
    return undefined;
  });
  return refusal ?? ok({ intake, places });
};

/** Codes as those of obligations. */
export const readConsents = (path: string): Result<Consent[]> => {
  const consents = new Map<string, Consent>();
  const refusal = readRows(path, ['owner', 'limit'], (cells) => {
    const [owner, limit] = cells as [Cell, Cell];
    if (owner.text === '') return at(owner, NAMELESS);
    if (consents.has(owner.text)) return at(owner, `"${owner.text}" consented before: keep one line of it`);
    if (limit.text.startsWith('-')) {
      return at(limit, `"${limit.text}" is negative: 0 allows no new counterparty`, 'value-out-of-range');
    }
    const read = readAmount(limit.text);
    if (!read.ok) return at(limit, read.detail, read.code);
    consents.set(owner.text, { owner: owner.text, counterpartyNano: read.value.nano });
    return undefined;
  });
  return refusal ?? ok([...consents.values()]);
};

const LINES_PER_WRITE = 4096;

const linesOf = function* (left: readonly Obligation[], places: number): Generator<string, void> {
  yield 'debtor,creditor,amount\n';
  for (let from = 0; from < left.length; from += LINES_PER_WRITE) {
    yield left
      .slice(from, from + LINES_PER_WRITE)
      .map(
        ({ debtor, creditor, nano }) =>
          `${csvField(debtor)},${csvField(creditor)},${writeAmount(nano, places)}\n`,
      )
      .join('');
  }
};

/** The file is whole or not there. Codes: storage-full, storage-failed. */
export const writeObligations = (path: string, left: readonly Obligation[], places: number): Result<null> => {
  try {
    writeWhole(path, linesOf(left, places));
    return ok(null);
  } catch (error) {
    return failed(path, error);
  }
};
