/** `tollbridge settler clear`: what would be left of a file of obligations; it needs and changes no database. */

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { type Clearing, clearNetwork } from '../clearing/clear.ts';
import { writeAmount } from '../clearing/decimal-amount.ts';
import type { Network } from '../clearing/network.ts';
import { readConsents, readObligations, writeObligations } from '../clearing/obligations-file.ts';
import { drawClearing } from '../clearing/picture.ts';
import type { Report } from '../clearing/report.ts';
import { clearingText } from '../clearing/report-text.ts';
import type { CommandHost, Run } from './on-store.ts';

const OPTIONS = {
  json: { type: 'boolean', default: false },
  out: { type: 'string' },
  picture: { type: 'string' },
  consents: { type: 'string' },
} as const;

/** A line that is redrawn, on a terminal only. */
const progress = (text: string): void => {
  if (process.stderr.isTTY === true) process.stderr.write(`\r\x1b[K${text}`);
};

const writePicture = (
  path: string,
  network: Network,
  clearing: Clearing,
  write: (nano: bigint) => string,
): Result<null> => {
  const { owners, debtor, creditor, nano } = network;
  const before = nano.map((amount, edge) => ({
    debtor: owners[debtor[edge]!]!,
    creditor: owners[creditor[edge]!]!,
    nano: amount,
  }));
  try {
    writeFileSync(path, drawClearing(before, clearing.left, clearing.report, write), { mode: 0o600 });
    return ok(null);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return refuse(code === 'ENOSPC' || code === 'EDQUOT' ? 'storage-full' : 'storage-failed', message);
  }
};

const BYTES_PER_MB = 1_000_000;

/** Amounts as text, in the unit and with the decimal places of the file. */
const jsonOf = (report: Report, write: (nano: bigint) => string, elapsedMs: number): object => ({
  obligations: report.obligations,
  gross: write(report.grossNano),
  cleared: write(report.clearedNano),
  left: write(report.leftNano),
  net: write(report.netNano),
  transfers: report.transfers,
  transfersSaved: report.transfersSaved,
  ms: elapsedMs,
  rss_mb: Math.round(process.memoryUsage.rss() / BYTES_PER_MB),
  steps: report.steps.map(({ step, clearedNano, leftNano, transfers }) => ({
    step,
    cleared: write(clearedNano),
    left: write(leftNano),
    transfers,
  })),
  owners: report.accounts.map(({ owner, owedBefore, dueBefore, owedAfter, dueAfter }) => ({
    owner,
    owedBefore: write(owedBefore),
    dueBefore: write(dueBefore),
    owedAfter: write(owedAfter),
    dueAfter: write(dueAfter),
  })),
});

/** Codes: config-invalid, value-out-of-range, storage-failed, storage-full. */
export const run: Run<CommandHost> = async (argv, host) => {
  const { values, positionals } = parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  const [file, ...others] = positionals;
  if (file === undefined || others.length > 0) {
    return refuse('config-invalid', 'clear takes one file: write settler clear obligations.csv');
  }
  const consents = values.consents === undefined ? ok([]) : readConsents(values.consents);
  if (!consents.ok) return consents;
  const read = readObligations(file, progress);
  if (!read.ok) return read;
  const { intake, places } = read.value;
  const write = (nano: bigint): string => writeAmount(nano, places);
  const network = intake.network();
  const startedMs = host.nowMs();
  const clearing = clearNetwork(network, intake.count(), consents.value, progress);
  const elapsedMs = host.nowMs() - startedMs;
  progress('');
  if (values.out !== undefined) {
    const written = writeObligations(values.out, clearing.left, places);
    if (!written.ok) return written;
  }
  if (values.picture !== undefined) {
    const written = writePicture(values.picture, network, clearing, write);
    if (!written.ok) return written;
  }
  const { report } = clearing;
  host.print(
    `${values.json ? JSON.stringify(jsonOf(report, write, elapsedMs)) : clearingText(report, write)}\n`,
  );
  return ok(0);
};
