/**
 * NACHA files: PPD and CCD, credits for payouts and debits for collections. Every field is written at its width, and
 * every file is read again by the strict reader before it is handed out.
 */

import { ok, type Result, refuse } from '../../../schemas/result.ts';
import type { AchAccount } from './ach-account.ts';
import { sumCents } from './cents.ts';
import { shortDay } from './day.ts';
import { checkOrder, MODIFIERS, type NachaOrder, type NachaPayment } from './nacha-order.ts';
import { type PlannedBatch, type PlannedFile, planFiles } from './nacha-plan.ts';
import { readNacha } from './nacha-reader.ts';
import { refusable } from './refusing.ts';

export type WrittenNacha = {
  /** One text a file, in the order they are to be sent. */
  readonly files: readonly string[];
  /** The trace number of each payment by its id: what returns name. */
  readonly traces: ReadonlyMap<string, string>;
  /** The first trace number that was not taken. */
  readonly nextTrace: number;
};

const left = (text: string, width: number): string => text.padEnd(width);
const digits = (value: bigint | number, width: number): string => {
  const text = String(value).padStart(width, '0');
  if (text.length > width) throw new RangeError(`${value} does not fit ${width} digits`);
  return text;
};

const blank = (width: number): string => ' '.repeat(width);

/** Numbers of entries go on from batch to batch and from file to file. */
type Tracer = { next: number; readonly traces: Map<string, string> };

type Totals = { count: number; hash: bigint; debit: bigint; credit: bigint };

const CODE_OF = {
  credit: { checking: '22', savings: '32' },
  debit: { checking: '27', savings: '37' },
} as const;

const opposite = { credit: 'debit', debit: 'credit' } as const;

type Line = {
  readonly account: AchAccount;
  readonly direction: 'credit' | 'debit';
  readonly cents: bigint;
  readonly id: string;
  readonly name: string;
  readonly remittance: string;
};

const entryRecords = (line: Line, trace: string): readonly string[] => {
  const { account, direction, cents, id, name, remittance } = line;
  const entry = [
    ...['6', CODE_OF[direction][account.kind], account.routing, left(account.number, 17)],
    ...[digits(cents, 10), left(id, 15), left(name, 22), blank(2), remittance === '' ? '0' : '1', trace],
  ].join('');
  return remittance === '' ? [entry] : [entry, `705${left(remittance, 80)}0001${trace.slice(8)}`];
};

const count = (totals: Totals, line: Line, records: number): void => {
  totals.count += records;
  totals.hash += BigInt(line.account.routing.slice(0, 8));
  totals[line.direction] += line.cents;
};

const lineOf = ({ party, ...payment }: NachaPayment): Line => ({
  ...payment,
  account: party.account,
  name: party.name,
});

/** The settler's own side of a batch, where the bank wants it. */
const offsetLine = (batch: PlannedBatch, account: AchAccount, name: string): Line => ({
  account,
  direction: opposite[batch[0]!.direction],
  cents: sumCents(batch),
  id: 'OFFSET',
  name,
  remittance: '',
});

/** Hash and totals, as controls of batches and files say them. */
const controlFields = ({ hash, debit, credit }: Totals): string =>
  `${digits(hash % 10_000_000_000n, 10)}${digits(debit, 12)}${digits(credit, 12)}`;

const batchRecords = (
  order: NachaOrder,
  batch: PlannedBatch,
  number: number,
  tracer: Tracer,
  file: Totals,
): readonly string[] => {
  const { company, offset } = order;
  const odfi = order.odfiRouting.slice(0, 8);
  const { sec, direction, description, effectiveDate } = batch[0]!;
  const serviceClass = offset !== null ? '200' : direction === 'credit' ? '220' : '225';
  const totals: Totals = { count: 0, hash: 0n, debit: 0n, credit: 0n };
  const lines = batch.map(lineOf);
  if (offset !== null) lines.push(offsetLine(batch, offset, company.name));
  const entries = lines.flatMap((line, i) => {
    const trace = `${odfi}${digits(tracer.next, 7)}`;
    tracer.next += 1;
    if (i < batch.length) tracer.traces.set(line.id, trace);
    const records = entryRecords(line, trace);
    count(totals, line, records.length);
    count(file, line, records.length);
    return records;
  });
  const header = [
    ...[
      '5',
      serviceClass,
      left(company.name, 16),
      blank(20),
      left(company.id, 10),
      sec,
      left(description, 10),
    ],
    // No descriptive date; the settlement day is the network's to write.
    ...[blank(6), shortDay(effectiveDate), blank(3), '1', odfi, digits(number, 7)],
  ];
  const control = [
    ...['8', serviceClass, digits(totals.count, 6), controlFields(totals), left(company.id, 10)],
    ...[blank(25), odfi, digits(number, 7)],
  ];
  return [header.join(''), ...entries, control.join('')];
};

const fileHeader = ({ destination, origin, createdMs }: NachaOrder, modifier: string): string => {
  const created = new Date(createdMs).toISOString();
  const time = `${shortDay(created.slice(0, 10))}${created.slice(11, 13)}${created.slice(14, 16)}`;
  const to = `101${destination.routing.padStart(10)}${origin.id.padStart(10)}`;
  return `${to}${time}${modifier}094101${left(destination.name, 23)}${left(origin.name, 23)}${blank(8)}`;
};

const BLOCK_RECORDS = 10;

const writeFile = (order: NachaOrder, file: PlannedFile, modifier: string, tracer: Tracer): string => {
  const totals: Totals = { count: 0, hash: 0n, debit: 0n, credit: 0n };
  const batches = file.flatMap((batch, i) => batchRecords(order, batch, i + 1, tracer, totals));
  const blocks = Math.ceil((batches.length + 2) / BLOCK_RECORDS);
  const counts = `${digits(file.length, 6)}${digits(blocks, 6)}${digits(totals.count, 8)}`;
  const control = `9${counts}${controlFields(totals)}${blank(39)}`;
  const records = [fileHeader(order, modifier), ...batches, control];
  while (records.length < blocks * BLOCK_RECORDS) records.push('9'.repeat(94));
  return records.map((record) => record + order.lineEnd).join('');
};

/** Nothing leaves that the strict reader would not take: that would be our own error. */
const proofRead = (text: string): string => {
  const read = refusable(() => readNacha(Buffer.from(text, 'latin1')));
  if (!read.ok) throw new Error(`a NACHA file of ours breaks the rules: ${read.detail}`);
  return text;
};

/**
 * The payments as files, one batch for each class, direction, description and day unless a total outgrows its
 * columns; the same order gives the same bytes. Codes: value-out-of-range, bank-details.
 */
export const writeNacha = (wanted: NachaOrder): Result<WrittenNacha> => {
  const checked = checkOrder(wanted);
  if (!checked.ok) return checked;
  const order = checked.value;
  const plan = planFiles(order);
  const first = MODIFIERS.indexOf(order.modifier);
  if (first + plan.length > MODIFIERS.length) {
    return refuse(
      'value-out-of-range',
      `${plan.length} files from ${order.modifier}: a day has no more than 36`,
    );
  }
  const tracer: Tracer = { next: order.firstTrace, traces: new Map() };
  const files = plan.map((file, i) => proofRead(writeFile(order, file, MODIFIERS[first + i]!, tracer)));
  return ok({ files, traces: tracer.traces, nextTrace: tracer.next });
};
