/** After the run: the statements, the books of three parties, and the bank's file. */

import { existsSync } from 'node:fs';
import { fromHex } from '../../schemas/bytes.ts';
import type { Crypto } from '../../schemas/crypto.ts';
import { keyOfDid } from '../../schemas/identity.ts';
import { ok, type Result, refuse } from '../../schemas/result.ts';
import { openAgreed } from '../../schemas/statement.ts';
import { moneyText } from '../money.ts';
import type { EndedStatus } from '../status.ts';
import type { Styles } from '../view/style.ts';
import { tableLines } from '../view/table.ts';
import type { Finished } from './demo.ts';
import { checkBankFile } from './payout.ts';
import { runTool } from './processes.ts';
import { type Books, type LedgerLine, type Reconciliation, reconcileBooks } from './reconciliation.ts';
import { sumOf } from './scene.ts';
import { CURRENCY, type Run, type Site, saveRun } from './site.ts';

/** Accounts that banks print in their examples: they pass every check and belong to nobody. */
const SETTLER_BANK = ['--name', 'Tollbridge Settler', '--iban', 'DE89370400440532013000'];
const STATION_BANK = ['--name', 'Weather Station', '--iban', 'FR1420041010050500013M02606'];
/** Runs of one day: a settler numbers them from 1 to 999. */
const SEQUENCE_MAX = 999;

/** The JSON that a subcommand of the settler prints. Code: storage-failed. */
const settler = async <T>(site: Site, argv: readonly string[]): Promise<Result<T>> => {
  const tool = await runTool(['settler', ...argv, '--db', site.path('broker', 'settler.db'), '--json']);
  if (tool.exit !== 0) return refuse('storage-failed', `settler ${argv[0]}: ${tool.error}`);
  return ok(JSON.parse(tool.output) as T);
};

const COLUMNS = [
  { title: 'lease' },
  { title: 'delivered', right: true },
  { title: 'paid', right: true },
  { title: 'worth', right: true },
  { title: 'ended by' },
  { title: 'signed by' },
];

/** One row a lease, both signatures verified here once more. Codes: those of `openAgreed`. */
export const statementLines = (
  site: Site,
  purchases: readonly EndedStatus[],
  crypto: Crypto,
  styles: Styles,
): Result<string[]> => {
  const seller = keyOfDid(site.stationDid);
  const buyer = keyOfDid(site.farmDid);
  if (!seller.ok || !buyer.ok) return ok([]);
  const rows: string[][] = [];
  for (const { lease, reason, statement: bytes } of purchases) {
    if (bytes === null) {
      rows.push([lease.slice(0, 12), '-', '-', '-', reason, 'nobody']);
      continue;
    }
    const agreed = openAgreed(
      new Uint8Array(bytes),
      fromHex(lease)!,
      buyer.value,
      seller.value,
      crypto.verify,
    );
    if (!agreed.ok) return agreed;
    const { delivered, paid, totalNano, reason: agreedReason } = agreed.value;
    const worth = moneyText(totalNano, CURRENCY);
    rows.push([lease.slice(0, 12), String(delivered), String(paid), worth, agreedReason, 'both']);
  }
  return ok(tableLines(COLUMNS, rows, styles));
};

/** Codes: storage-failed (the settler's database). */
export const readBooks = async (
  site: Site,
  finished: Finished,
): Promise<Result<{ readonly books: Books; readonly result: Reconciliation }>> => {
  const report = await settler<{ readonly leases: readonly LedgerLine[] }>(site, ['report']);
  if (!report.ok) return report;
  const leases = finished.purchases.map((lease) => lease.lease);
  const books: Books = {
    seller: sumOf(finished.sales),
    buyer: sumOf(finished.purchases),
    ledger: report.value.leases.filter((line) => leases.includes(line.lease)),
    price: [{ from: 1, priceNano: site.run.priceNano }],
  };
  return ok({ books, result: reconcileBooks(books) });
};

export type Paid = { readonly file: string | null; readonly text: string };

/**
 * The settler's payout to the station, its file written and checked. The day is kept first: a run that is
 * asked to pay out again writes the same file. Codes: storage-failed, bank-details, config-invalid.
 */
export const payOut = async (site: Site, xsd: string | null): Promise<Result<Paid>> => {
  const run: Run = { ...site.run, payoutDay: site.run.payoutDay ?? new Date().toISOString().slice(0, 10) };
  const saved = saveRun(site, run);
  if (!saved.ok) return saved;
  const accounts = [
    ['account', 'set', '--account', 'settler', ...SETTLER_BANK],
    ['account', 'set', '--account', site.stationDid, ...STATION_BANK],
  ];
  for (const account of accounts) {
    const set = await settler(site, account);
    if (!set.ok) return set;
  }
  const sequence = String(((run.number - 1) % SEQUENCE_MAX) + 1);
  const out = site.path(`payout-${run.payoutDay}-${sequence}.xml`);
  const order = ['payout', '--out', out, '--period', run.payoutDay!, '--sequence', sequence];
  type Payout = { readonly file: string | null; readonly nano: string; readonly transfers: number };
  const payout = await settler<Payout>(site, order);
  if (!payout.ok) return payout;
  const { file, nano } = payout.value;
  if (file === null || !existsSync(file))
    return ok({ file: null, text: 'less than a cent is due: it waits for the next payout' });
  const checked = checkBankFile(file, BigInt(nano), xsd);
  if (!checked.ok) return checked;
  return ok({
    file,
    text: `${moneyText(Number(nano), CURRENCY)} to the station, ${checked.value}:\n${file}`,
  });
};

export const finishRun = (site: Site): Result<null> => saveRun(site, { ...site.run, finished: true });
