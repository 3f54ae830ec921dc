/** `tollbridge settler clear`: what would be left of a file of obligations; it needs and changes no database. */

import { parseArgs } from 'node:util';
import { ok, refuse } from '../../../schemas/result.ts';
import { clearNetwork } from '../clearing/clear.ts';
import { writeAmount } from '../clearing/decimal-amount.ts';
import { obligationsIn } from '../clearing/network.ts';
import { readConsents, readObligations, writeObligations } from '../clearing/obligations-file.ts';
import { clearingText } from '../clearing/report-text.ts';
import { clearingJson, progress, writePicture } from './clearing-output.ts';
import type { CommandHost, Run } from './on-store.ts';

const OPTIONS = {
  json: { type: 'boolean', default: false },
  out: { type: 'string' },
  picture: { type: 'string' },
  consents: { type: 'string' },
} as const;

const BYTES_PER_MB = 1_000_000;
const rssMb = (): number => Math.round(process.memoryUsage.rss() / BYTES_PER_MB);

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
    const written = writePicture(values.picture, obligationsIn(network), clearing, write);
    if (!written.ok) return written;
  }
  const { report } = clearing;
  host.print(
    `${values.json ? JSON.stringify({ ...clearingJson(report, write), ms: elapsedMs, rss_mb: rssMb() }) : clearingText(report, write)}\n`,
  );
  return ok(0);
};
