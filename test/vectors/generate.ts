/**
 * Writes `schemas/vectors/*.json` of money and market: `node --import tsx test/vectors/generate.ts`.
 *
 * Ed25519 is deterministic and all seeds are in the files, so the bytes are the same every time; a test
 * generates them again and compares.
 */

import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  certificateFile,
  closeFile,
  grantFile,
  openFile,
  receiptFile,
  timeFile,
  voucherFile,
} from './channels.ts';
import { evidenceFile, tickFile } from './evidence.ts';
import { statementFile, termsFile } from './leases.ts';
import { demandFile, profileFile } from './markets.ts';
import { requestFile, streamFile } from './messages.ts';
import { meterFile } from './meter.ts';
import { fileOf } from './notation.ts';
import { budgetFile, consentFile, disputeFile, lineFile, notedFile, spendingFile } from './owners.ts';
import { priceFile } from './prices.ts';

const FILES = {
  voucher: voucherFile,
  terms: termsFile,
  open: openFile,
  grant: grantFile,
  receipt: receiptFile,
  time: timeFile,
  certificate: certificateFile,
  close: closeFile,
  statement: statementFile,
  profile: profileFile,
  demand: demandFile,
  budget: budgetFile,
  spending: spendingFile,
  line: lineFile,
  consent: consentFile,
  noted: notedFile,
  dispute: disputeFile,
  price: priceFile,
  tick: tickFile,
  evidence: evidenceFile,
  request: requestFile,
  stream: streamFile,
  meter: meterFile,
};

/** File name to text. */
export const generated = (): ReadonlyMap<string, string> =>
  new Map(Object.entries(FILES).map(([name, file]) => [`${name}.json`, fileOf(file())]));

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, text] of generated()) {
    writeFileSync(new URL(`../../schemas/vectors/${name}`, import.meta.url), text);
  }
}
