/** NACHA files for tests, made from header and entry records with the controls that fit them, or that do not. */

export type TestBatch = { readonly header: string; readonly records: readonly string[] };

const FILE_HEADER =
  '101 231380104 1210428822611201030A094101RECEIVING BANK         TOLLBRIDGE                     ';

const CREDITS = new Set(['1', '2', '3', '4']);

/** Columns 11 to 44 of a batch control, 22 to 55 of a file control. */
const sums = (records: readonly string[]): string => {
  let hash = 0n;
  let debit = 0n;
  let credit = 0n;
  for (const record of records) {
    if (record[0] !== '6') continue;
    hash += BigInt(record.slice(3, 11));
    if (CREDITS.has(record[2]!)) credit += BigInt(record.slice(29, 39));
    else debit += BigInt(record.slice(29, 39));
  }
  const pad = (value: bigint, width: number): string => String(value).padStart(width, '0');
  return pad(hash % 10n ** 10n, 10) + pad(debit, 12) + pad(credit, 12);
};

const pad = (value: number, width: number): string => String(value).padStart(width, '0');

/** A batch header: class, SEC code, number. */
export const batchHeader = (serviceClass: string, sec: string, number = 1): string =>
  `5${serviceClass}TOLLBRIDGE                          1234567890${sec}PAYOUT          261123   109100001${pad(number, 7)}`;

export const sealed = (batches: readonly TestBatch[], fileHeader = FILE_HEADER): string => {
  const lines = [fileHeader];
  for (const { header, records } of batches) {
    const control = `8${header.slice(1, 4)}${pad(records.length, 6)}${sums(records)}${header.slice(40, 50)}`;
    lines.push(header, ...records, `${control}${' '.repeat(25)}${header.slice(79, 94)}`);
  }
  const all = batches.flatMap(({ records }) => records);
  const blocks = Math.ceil((lines.length + 1) / 10);
  lines.push(`9${pad(batches.length, 6)}${pad(blocks, 6)}${pad(all.length, 8)}${sums(all)}${' '.repeat(39)}`);
  while (lines.length % 10 !== 0) lines.push('9'.repeat(94));
  return `${lines.join('\n')}\n`;
};

/** An entry of the bank 09100001, which sends returns; the number is the end of its trace. */
export const returnedEntry = (code: string, cents: bigint, number: number): string =>
  `6${code}091000019123456789        ${String(cents).padStart(10, '0')}PAYOUT 1       WEATHER STATION         109100001${pad(number, 7)}`;

/** Addendum 99: what is returned, why, and what is said about it (columns 36 to 79). */
export const returnAddendum = (reason: string, trace: string, about: string, number: number): string =>
  `799${reason}${trace}      09100001${about.padEnd(44)}09100001${pad(number, 7)}`;

/** Addendum 98: what should be corrected. */
export const changeAddendum = (code: string, trace: string, corrected: string, number: number): string =>
  `798${code}${trace}      09100001${corrected.padEnd(29)}${' '.repeat(15)}09100001${pad(number, 7)}`;
