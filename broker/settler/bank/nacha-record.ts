/** A NACHA file as records: 94 characters of ASCII on a line, blocks of ten. Columns are counted from 1, as in the rules. */

import { shown, stop } from './refusing.ts';

export type NachaRecord = { readonly line: number; readonly text: string };

const RECORD_LENGTH = 94;
const BLOCK_RECORDS = 10;
/** What the largest file that is read has room for; shorter lines would be more, and none of them a record. */
const RECORDS_MAX = 400_000;
const PADDING = '9'.repeat(RECORD_LENGTH);

/** What a file is refused for, by the name that the refusal tells. */
export const NACHA_RULES = [
  'charset',
  'line-end',
  'record-length',
  'padding',
  'record-order',
  'file-header',
  'destination',
  'origin',
  'file-date',
  'file-time',
  'file-id-modifier',
  'batch-number',
  'service-class',
  'company-name',
  'company-id',
  'sec-code',
  'description',
  'effective-date',
  'settlement-date',
  'originator-status',
  'odfi',
  'transaction-code',
  'routing',
  'account',
  'amount',
  'name',
  'addenda-indicator',
  'addenda-type',
  'addenda-count',
  'addenda-sequence',
  'addenda-trace',
  'trace',
  'trace-odfi',
  'trace-order',
  'entry-count',
  'entry-hash',
  'debit-total',
  'credit-total',
  'reserved',
  'batch-count',
  'block-count',
  'file-entry-count',
  'file-entry-hash',
  'file-debit-total',
  'file-credit-total',
  'answer',
  'original-trace',
  'return-code',
  'change-code',
  'corrected-data',
] as const;
export type NachaRule = (typeof NACHA_RULES)[number];

/** Stops with the rule that a record breaks: banks speak of the same rules. */
export const breaks = ({ line }: { readonly line: number }, rule: NachaRule, detail: string): never =>
  stop('object-malformed', `line ${line}: ${rule}: ${detail}`);

export const field = ({ text }: NachaRecord, from: number, to: number): string => text.slice(from - 1, to);

/** A field that the rules fix. */
export const expectField = (
  record: NachaRecord,
  from: number,
  to: number,
  expected: string,
  rule: NachaRule,
): void => {
  const found = field(record, from, to);
  if (found !== expected)
    breaks(record, rule, `columns ${from}-${to} are ${shown(found)}, not ${shown(expected)}`);
};

/** Digits only, with zeros in front. */
export const digitsField = (record: NachaRecord, from: number, to: number, rule: NachaRule): bigint => {
  const found = field(record, from, to);
  if (!/^\d+$/.test(found)) breaks(record, rule, `columns ${from}-${to} are ${shown(found)}, not digits`);
  return BigInt(found);
};

/** A number that the file states and that follows from the rest of it. */
export const expectNumber = (
  record: NachaRecord,
  from: number,
  to: number,
  expected: bigint,
  rule: NachaRule,
): void => {
  const stated = digitsField(record, from, to, rule);
  if (stated !== expected) breaks(record, rule, `it says ${stated}, the file has ${expected}`);
};

const decode = (bytes: Uint8Array): string => {
  let line = 1;
  for (const byte of bytes) {
    if (byte === 10) line += 1;
    else if (byte !== 13 && (byte < 32 || byte > 126)) {
      breaks({ line }, 'charset', `the byte 0x${byte.toString(16)} is no printable ASCII`);
    }
  }
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
};

/** Lines, the last with or without an end; or no lines at all, as mainframes send it, record after record. */
const linesOf = (text: string): readonly string[] => {
  if (!text.includes('\n') && text.length % RECORD_LENGTH === 0) return text.match(/.{94}/g) ?? [];
  const lines = text.split(text.includes('\r\n') ? '\r\n' : '\n', RECORDS_MAX + 1);
  if (lines.length > RECORDS_MAX)
    stop('message-too-long', `more than ${RECORDS_MAX} lines: ask for less in a file`);
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
};

/** Records of the file without those that fill the last block; the blocks with them. */
export const splitRecords = (
  bytes: Uint8Array,
): { readonly records: readonly NachaRecord[]; readonly blocks: bigint } => {
  const text = decode(bytes);
  const lines = linesOf(text);
  const all = lines.map((line, i): NachaRecord => ({ line: i + 1, text: line }));
  for (const record of all) {
    if (/[\r\n]/.test(record.text)) breaks(record, 'line-end', 'lines end in LF or in CR LF, not in both');
    if (record.text.length !== RECORD_LENGTH) {
      breaks(record, 'record-length', `${record.text.length} characters, not ${RECORD_LENGTH}`);
    }
  }
  const last = { line: all.length };
  if (all.length === 0 || all.length % BLOCK_RECORDS !== 0) {
    breaks(last, 'padding', `${all.length} records: fill the last block to ${BLOCK_RECORDS} with nines`);
  }
  const records = all.filter((record) => record.text !== PADDING);
  const padding = all.length - records.length;
  if (padding >= BLOCK_RECORDS)
    breaks(last, 'padding', `${padding} records of nines: at most 9 fill a block`);
  const early = all.slice(0, records.length).find((record) => record.text === PADDING);
  if (early !== undefined) breaks(early, 'padding', 'a record of nines stands before the end of the file');
  return { records, blocks: BigInt(all.length / BLOCK_RECORDS) };
};
