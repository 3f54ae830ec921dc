/** The payout of a run: the settler writes the bank's file, and the file is checked before it is shown. */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { ok, type Result, refuse } from '../../schemas/result.ts';

const NANO_PER_CENT = 10_000_000n;

/** '12.30' is 1230. Code: bank-details (not an amount with two decimals). */
const centsOf = (text: string): Result<bigint> => {
  const parts = /^(\d{1,16})\.(\d{2})$/.exec(text);
  if (parts === null) return refuse('bank-details', `"${text}" is no amount with two decimals`);
  return ok(BigInt(parts[1]! + parts[2]!));
};

const all = (xml: string, element: string): string[] =>
  [...xml.matchAll(new RegExp(`<${element}(?: [^>]*)?>([^<]*)</${element}>`, 'g'))].map((match) => match[1]!);

/**
 * Every control sum is the exact sum of the transfers and what the settler has booked as pending.
 * Code: bank-details.
 */
const checkSums = (xml: string, bookedNano: bigint): Result<bigint> => {
  let totalCents = 0n;
  const transfers = all(xml, 'InstdAmt');
  for (const transfer of transfers) {
    const cents = centsOf(transfer);
    if (!cents.ok) return cents;
    totalCents += cents.value;
  }
  const sums = all(xml, 'CtrlSum');
  for (const sum of sums) {
    const cents = centsOf(sum);
    if (!cents.ok) return cents;
    if (cents.value !== totalCents)
      return refuse('bank-details', `CtrlSum ${sum}, but the transfers are ${totalCents} cents`);
  }
  if (sums.length === 0 || totalCents * NANO_PER_CENT !== bookedNano)
    return refuse('bank-details', `the file pays ${totalCents} cents, the ledger ${bookedNano} nano`);
  for (const count of all(xml, 'NbOfTxs'))
    if (Number(count) !== transfers.length)
      return refuse('bank-details', `NbOfTxs ${count}, but ${transfers.length} transfers`);
  return ok(totalCents);
};

/** Against the schema of ISO 20022, by xmllint. Codes: bank-details; config-invalid (no xmllint, no schema). */
const checkSchema = (path: string, xsd: string): Result<null> => {
  const checked = spawnSync('xmllint', ['--noout', '--nonet', '--schema', xsd, path], { encoding: 'utf8' });
  if (checked.error !== undefined)
    return refuse('config-invalid', '--xsd needs xmllint: apt-get install libxml2-utils');
  if (checked.status === 0) return ok(null);
  const said = checked.stderr.trim().split('\n')[0] ?? '';
  return refuse(checked.status === 3 ? 'bank-details' : 'config-invalid', `xmllint: ${said}`);
};

/** What has been shown about the file, in words. Codes: bank-details, config-invalid. */
export const checkBankFile = (path: string, bookedNano: bigint, xsd: string | null): Result<string> => {
  const sums = checkSums(readFileSync(path, 'utf8'), bookedNano);
  if (!sums.ok) return sums;
  if (xsd === null) return ok('CtrlSum exact');
  const schema = checkSchema(path, xsd);
  return schema.ok ? ok('CtrlSum exact, valid against its XSD') : schema;
};
