/**
 * NACHA files read strictly, column by column and apart from how ours are written: every rule that a bank rejects a
 * file for, those included that validators are known to miss. Reads PPD, CCD, WEB and TEL entries, returns, and COR.
 */

import { isRouting } from './ach-account.ts';
import { dayOfShort } from './day.ts';
import { isCredit, type NachaEntry, readEntry } from './nacha-entry.ts';
import {
  breaks,
  digitsField,
  expectField,
  expectNumber,
  field,
  type NachaRecord,
  type NachaRule,
  splitRecords,
} from './nacha-record.ts';
import { shown } from './refusing.ts';

export type NachaBatch = {
  readonly serviceClass: string;
  readonly company: string;
  readonly companyId: string;
  /** Standard entry class: PPD consumers, CCD companies, COR notifications of change. */
  readonly sec: string;
  readonly description: string;
  readonly effectiveDay: string | null;
  /** Three digits that the network fills in, the day of the year; blank in files to a bank. */
  readonly settlement: string;
  readonly odfi: string;
  readonly number: bigint;
  readonly entries: readonly NachaEntry[];
};

export type NachaFile = {
  readonly destination: string;
  readonly origin: string;
  readonly createdDay: string;
  readonly createdTime: string;
  readonly modifier: string;
  readonly batches: readonly NachaBatch[];
};

/** What controls state, added up from the entries. */
type Totals = { count: bigint; hash: bigint; debit: bigint; credit: bigint };

const SERVICE_CLASSES = ['200', '220', '225'];
const SEC_CODES = ['PPD', 'CCD', 'WEB', 'TEL', 'COR'];
/** A hash has ten digits, what is more falls off in front. */
const HASH_MODULUS = 10_000_000_000n;

const nothing = (): Totals => ({ count: 0n, hash: 0n, debit: 0n, credit: 0n });

const add = (totals: Totals, entry: NachaEntry): void => {
  totals.count += 1n + BigInt(entry.addenda.length);
  totals.hash += BigInt(entry.routing.slice(0, 8));
  if (isCredit(entry.code)) totals.credit += entry.cents;
  else totals.debit += entry.cents;
};

const oneOf = (
  record: NachaRecord,
  from: number,
  to: number,
  known: readonly string[],
  rule: NachaRule,
): string => {
  const found = field(record, from, to);
  return known.includes(found)
    ? found
    : breaks(record, rule, `${shown(found)} is none of ${known.join(', ')}`);
};

const filled = (record: NachaRecord, from: number, to: number, rule: NachaRule): string => {
  const found = field(record, from, to).trim();
  return found === '' ? breaks(record, rule, `columns ${from}-${to} are blank`) : found;
};

const dayField = (record: NachaRecord, from: number, to: number, rule: NachaRule): string => {
  const day = dayOfShort(field(record, from, to));
  return day.ok ? day.value : breaks(record, rule, day.detail);
};

/** Returns leave the effective day out: it was the original's. */
const effectiveDay = (record: NachaRecord): string | null =>
  ['      ', '000000'].includes(field(record, 70, 75)) ? null : dayField(record, 70, 75, 'effective-date');

const odfiField = (record: NachaRecord): string => {
  digitsField(record, 80, 87, 'odfi');
  return field(record, 80, 87);
};

const settlementField = (record: NachaRecord): string => {
  const text = field(record, 76, 78);
  const fits = text === '   ' || (/^\d{3}$/.test(text) && Number(text) >= 1 && Number(text) <= 366);
  return fits
    ? text
    : breaks(record, 'settlement-date', `${shown(text)} is neither blank nor a day of the year`);
};

type Batch = Omit<NachaBatch, 'entries'> & { entries: NachaEntry[] };

const readBatchHeader = (record: NachaRecord, before: NachaBatch | undefined): Batch => {
  oneOf(record, 79, 79, ['0', '1', '2'], 'originator-status');
  const number = digitsField(record, 88, 94, 'batch-number');
  if (number <= (before?.number ?? -1n))
    breaks(record, 'batch-number', `${number} does not come after the last`);
  return {
    serviceClass: oneOf(record, 2, 4, SERVICE_CLASSES, 'service-class'),
    company: filled(record, 5, 20, 'company-name'),
    companyId: filled(record, 41, 50, 'company-id'),
    sec: oneOf(record, 51, 53, SEC_CODES, 'sec-code'),
    description: filled(record, 54, 63, 'description'),
    effectiveDay: effectiveDay(record),
    settlement: settlementField(record),
    odfi: odfiField(record),
    number,
    entries: [],
  };
};

const checkBatchControl = (record: NachaRecord, header: NachaRecord, totals: Totals): void => {
  expectField(record, 2, 4, field(header, 2, 4), 'service-class');
  expectNumber(record, 5, 10, totals.count, 'entry-count');
  expectNumber(record, 11, 20, totals.hash % HASH_MODULUS, 'entry-hash');
  expectNumber(record, 21, 32, totals.debit, 'debit-total');
  expectNumber(record, 33, 44, totals.credit, 'credit-total');
  // Banks that repeat the id right-aligned in returns mean the same.
  if (field(record, 45, 54).trim() !== field(header, 41, 50).trim()) {
    expectField(record, 45, 54, field(header, 41, 50), 'company-id');
  }
  expectField(record, 74, 79, ' '.repeat(6), 'reserved');
  expectField(record, 80, 87, field(header, 80, 87), 'odfi');
  expectField(record, 88, 94, field(header, 88, 94), 'batch-number');
};

const readFileHeader = (record: NachaRecord): Omit<NachaFile, 'batches'> => {
  expectField(record, 1, 3, '101', 'file-header');
  const destination = field(record, 4, 13);
  if (destination[0] !== ' ' || !isRouting(destination.slice(1))) {
    breaks(record, 'destination', `${shown(destination)} is not a blank and a routing number`);
  }
  const origin = field(record, 14, 23);
  if (!/^(?: \d{9}|[0-9A-Z]{10})$/.test(origin)) {
    breaks(record, 'origin', `${shown(origin)} is neither a blank and nine digits nor ten characters`);
  }
  const createdTime = field(record, 30, 33);
  if (!/^(?:(?:[01]\d|2[0-3])[0-5]\d| {4})$/.test(createdTime)) {
    breaks(record, 'file-time', `${shown(createdTime)} is no time of the day`);
  }
  const modifier = field(record, 34, 34);
  if (!/^[A-Z0-9]$/.test(modifier))
    breaks(record, 'file-id-modifier', `${shown(modifier)} is not A to Z or 0 to 9`);
  expectField(record, 35, 40, '094101', 'file-header');
  return {
    destination: destination.trim(),
    origin: origin.trim(),
    createdDay: dayField(record, 24, 29, 'file-date'),
    createdTime,
    modifier,
  };
};

const checkFileControl = (record: NachaRecord, batches: number, blocks: bigint, totals: Totals): void => {
  expectNumber(record, 2, 7, BigInt(batches), 'batch-count');
  expectNumber(record, 8, 13, blocks, 'block-count');
  expectNumber(record, 14, 21, totals.count, 'file-entry-count');
  expectNumber(record, 22, 31, totals.hash % HASH_MODULUS, 'file-entry-hash');
  expectNumber(record, 32, 43, totals.debit, 'file-debit-total');
  expectNumber(record, 44, 55, totals.credit, 'file-credit-total');
  expectField(record, 56, 94, ' '.repeat(39), 'reserved');
};

/** Walks over records; `next` gives one of the types that may stand there. */
const walk = (records: readonly NachaRecord[]) => {
  let i = 0;
  const type = (): string | undefined => records[i]?.text[0];
  const next = (expected: string, names: string): NachaRecord => {
    const record = records[i];
    if (record === undefined) return breaks({ line: records.length }, 'record-order', `${names} must follow`);
    if (!expected.includes(record.text[0]!)) {
      breaks(record, 'record-order', `a record ${record.text[0]} where ${names} is expected`);
    }
    i += 1;
    return record;
  };
  return { type, next };
};

type Walk = ReturnType<typeof walk>;

const readBatch = (at: Walk, before: NachaBatch | undefined, file: Totals): NachaBatch => {
  const header = at.next('5', 'a batch header (5)');
  const batch = readBatchHeader(header, before);
  const totals = nothing();
  while (at.type() !== '8') {
    const record = at.next('6', 'an entry (6) or the batch control (8)');
    const addenda: NachaRecord[] = [];
    while (at.type() === '7') addenda.push(at.next('7', 'an addendum (7)'));
    const entry = readEntry(record, addenda, batch, batch.entries.at(-1));
    add(totals, entry);
    add(file, entry);
    batch.entries.push(entry);
  }
  const control = at.next('8', 'the batch control (8)');
  if (batch.entries.length === 0) breaks(control, 'entry-count', 'a batch without entries');
  checkBatchControl(control, header, totals);
  return batch;
};

/** Stops with object-malformed: the line, the rule and what breaks it. */
export const readNacha = (bytes: Uint8Array): NachaFile => {
  const { records, blocks } = splitRecords(bytes);
  const at = walk(records);
  const header = readFileHeader(at.next('1', 'the file header (1)'));
  const totals = nothing();
  const batches: NachaBatch[] = [];
  while (at.type() !== '9') batches.push(readBatch(at, batches.at(-1), totals));
  checkFileControl(at.next('9', 'the file control (9)'), batches.length, blocks, totals);
  if (at.type() !== undefined) at.next('', 'the end of the file');
  return { ...header, batches };
};
