/**
 * A day's run of 10,000 payments as bank files: written with every check of the settler, held against the schema by
 * xmllint where it is installed, and the bank's notification of as many bookings read back.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { NachaOrder } from '../../broker/settler/bank/nacha-order.ts';
import { writeNacha } from '../../broker/settler/bank/nacha-writer.ts';
import { writePain001 } from '../../broker/settler/bank/pain001.ts';
import { writePain008 } from '../../broker/settler/bank/pain008.ts';
import { readBankFile } from '../../broker/settler/bank/reader.ts';
import { detail, entry, notification } from '../settler/bank/iso-documents.ts';
import { bytesOf, sure } from '../settler/bank/reading.ts';
import type { Bench, Figure } from './bench.ts';
import { median } from './measure.ts';

const PAYMENTS = 10_000;
/** Odd, so that the median is a round that happened; the first, in which code gets warm, does not count. */
const ROUNDS = 5;

const CREATED_MS = Date.UTC(2026, 10, 20, 12);
const SETTLER = {
  name: 'Tollbridge Settler',
  account: { scheme: 'sepa' as const, iban: 'DE75512108001245126199', bic: 'SOGEDEFF' },
};
const OWNER = {
  name: 'Wetterstation Łódź & Söhne',
  account: { scheme: 'sepa' as const, iban: 'FI1410093000123458', bic: null },
};

const payments = Array.from({ length: PAYMENTS }, (_, i) => ({
  endToEndId: `0123456789abcdef0123456789a${String(i).padStart(5, '0')}`,
  cents: BigInt(1 + i * 7919),
  remittance: 'Earnings paid out 2026-11-20-1',
}));

const transfers = (): string =>
  sure(
    writePain001({
      messageId: 'TB-01020304-2026-11-20-1',
      createdMs: CREATED_MS,
      executionDate: '2026-11-23',
      debtor: SETTLER,
      transfers: payments.map((payment) => ({ ...payment, creditor: OWNER })),
    }),
  );

const directDebits = (): string =>
  sure(
    writePain008({
      messageId: 'TB-01020304-2026-11-20-2',
      createdMs: CREATED_MS,
      creditor: SETTLER,
      creditorId: 'DE98ZZZ09999999999',
      collections: payments.map((payment, i) => ({
        ...payment,
        debtor: OWNER,
        mandate: { id: `M-${i}`, signedDate: '2026-11-01' },
        sequence: i % 2 === 0 ? 'FRST' : 'RCUR',
        collectionDate: '2026-11-25',
      })),
    }),
  );

const ORDER: NachaOrder = {
  destination: { routing: '031300012', name: 'FEDERAL RESERVE BANK' },
  origin: { id: '1234567890', name: 'TOLLBRIDGE' },
  odfiRouting: '121042882',
  company: { name: 'TOLLBRIDGE', id: '1234567890' },
  createdMs: CREATED_MS,
  modifier: 'A',
  firstTrace: 1,
  offset: null,
  lineEnd: '\n',
  payments: payments.map(({ cents, remittance }, i) => ({
    id: `P${i}`,
    cents,
    remittance,
    party: {
      name: OWNER.name,
      account: { scheme: 'ach', routing: '231380104', number: `744-${i}`, kind: 'checking' },
    },
    sec: 'PPD',
    direction: 'credit',
    description: 'PAYOUT',
    effectiveDate: '2026-11-23',
  })),
};

const bookings = bytesOf(
  notification(
    payments
      .map(({ endToEndId, cents }, i) =>
        entry('DBIT', `${cents / 100n}.${String(cents % 100n).padStart(2, '0')}`, detail(endToEndId), {
          reference: `REF-${i}`,
        }),
      )
      .join(''),
  ),
);

const elapsedMs = (work: () => unknown): number => {
  const startedMs = performance.now();
  work();
  return performance.now() - startedMs;
};

/** How long xmllint takes to find a document valid; undefined where it cannot be asked. */
const linting = (folder: string, message: string, document: string): (() => number) | undefined => {
  const schema = resolve(import.meta.dirname, `../../../shared/vectors/iso20022/${message}.xsd`);
  if (!existsSync(schema) || spawnSync('xmllint', ['--version']).error !== undefined) return undefined;
  const path = join(folder, `${message}.xml`);
  writeFileSync(path, document);
  return () =>
    elapsedMs(() => {
      const linted = spawnSync('xmllint', ['--noout', '--schema', schema, path], { encoding: 'utf8' });
      if (linted.status !== 0) throw new Error(`${message} is not valid: ${linted.stderr}`);
    });
};

/** The median of each work over the rounds, the works taking turns. */
const takeMedians = (
  works: Readonly<Record<string, () => number>>,
  progress: (text: string) => void,
): Readonly<Record<string, number>> => {
  const times = new Map(Object.keys(works).map((name): [string, number[]] => [name, []]));
  for (let round = 0; round <= ROUNDS; round++) {
    progress(`round ${round} of ${ROUNDS}`);
    for (const [name, work] of Object.entries(works)) {
      const ms = work();
      if (round > 0) times.get(name)!.push(ms);
    }
  }
  return Object.fromEntries([...times].map(([name, values]) => [name, median(values)]));
};

const read = (): void => {
  const { facts } = sure(readBankFile(bookings));
  if (facts.length !== PAYMENTS) throw new Error(`${facts.length} facts of ${PAYMENTS} bookings`);
};

export const bench: Bench = {
  name: 'sepa',
  summary: '10,000 transfers, direct debits and ACH credits written and checked, 10,000 bookings read',
  run: async (progress) => {
    const folder = mkdtempSync(join(tmpdir(), 'tb-bench-'));
    try {
      const linters = {
        pain001_xmllint_ms: linting(folder, 'pain.001.001.09', transfers()),
        pain008_xmllint_ms: linting(folder, 'pain.008.001.08', directDebits()),
      };
      const works: Record<string, () => number> = {
        pain001_ms: () => elapsedMs(transfers),
        pain008_ms: () => elapsedMs(directDebits),
        nacha_ms: () => elapsedMs(() => sure(writeNacha(ORDER))),
        camt054_read_ms: () => elapsedMs(read),
      };
      for (const [name, work] of Object.entries(linters)) if (work !== undefined) works[name] = work;
      const medians = takeMedians(works, progress);
      return Object.keys(works).map((name): Figure => {
        const lintMs = medians[name.replace('_ms', '_xmllint_ms')];
        const value = medians[name]!;
        return lintMs === undefined
          ? { name, value }
          : { name, value, baseline: { name: 'ms in xmllint', value: lintMs } };
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};
