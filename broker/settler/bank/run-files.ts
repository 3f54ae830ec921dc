/** The files of a run: the same bytes whenever they are written. */

import { ok, type Result } from '../../../schemas/result.ts';
import type { PayoutRow, RunRow } from '../store/tables.ts';
import { accountOfText, type BankAccount } from './account.ts';
import type { AchAccount } from './ach-account.ts';
import { centsFloor } from './cents.ts';
import { useOfText } from './mandates.ts';
import type { NachaOrder, NachaPayment } from './nacha-order.ts';
import { writeNacha } from './nacha-writer.ts';
import { writePain001 } from './pain001.ts';
import { writePain008 } from './pain008.ts';
import type { Party } from './party.ts';
import { messageIdOf, type Run } from './runs.ts';
import { type AchRunSender, type SepaSender, senderOfText } from './sender.ts';
import type { SepaAccount } from './sepa-account.ts';

/** Details were checked when they were set. */
const partyOf = <A extends BankAccount>(
  { name, bank }: RunRow | PayoutRow,
  scheme: A['scheme'],
): Party<A> => {
  const account = accountOfText(bank);
  if (!account.ok || account.value.scheme !== scheme)
    throw new RangeError(`${bank} is no account of ${scheme}`);
  return { name, account: account.value as A };
};

const sepa = (row: RunRow | PayoutRow): Party<SepaAccount> => partyOf(row, 'sepa');

const creditTransfers = ({ run, payouts }: Run, messageId: string): Result<string> =>
  writePain001({
    messageId,
    createdMs: run.createdMs,
    executionDate: run.executionDate,
    debtor: sepa(run),
    transfers: payouts.map((payout) => ({
      endToEndId: payout.id,
      cents: centsFloor(payout.nano),
      creditor: sepa(payout),
      remittance: `Earnings paid out ${run.id}`,
    })),
  });

const directDebits = ({ run, payouts }: Run, messageId: string): Result<string> =>
  writePain008({
    messageId,
    createdMs: run.createdMs,
    creditor: sepa(run),
    creditorId: senderOfText<SepaSender>(run.sender).creditorId,
    collections: payouts.map((payout) => ({
      endToEndId: payout.id,
      cents: centsFloor(payout.nano),
      debtor: sepa(payout),
      remittance: `Collected ${run.id}`,
      collectionDate: run.executionDate,
      ...useOfText(payout.mandate!),
    })),
  });

/** A NACHA entry has room for 15 characters; the whole id goes with it in the addendum. */
const NACHA_ID_LENGTH = 15;

const nachaPayment = (payout: PayoutRow, run: RunRow): NachaPayment => {
  const isDebit = payout.mandate !== null;
  return {
    id: payout.id.slice(0, NACHA_ID_LENGTH).toUpperCase(),
    cents: centsFloor(payout.nano),
    party: partyOf<AchAccount>(payout, 'ach'),
    sec: payout.holder === 'person' ? 'PPD' : 'CCD',
    direction: isDebit ? 'debit' : 'credit',
    description: isDebit ? 'COLLECTION' : 'PAYOUT',
    effectiveDate: run.executionDate,
    remittance: `${run.id} ${payout.id}`,
  };
};

/** The payments are in the order of the payouts. */
export const nachaOrderOf = (run: RunRow, payouts: readonly PayoutRow[]): NachaOrder => {
  const sender = senderOfText<AchRunSender>(run.sender);
  const { name, account } = partyOf<AchAccount>(run, 'ach');
  return {
    destination: { routing: sender.destination, name: sender.bankName },
    origin: { id: sender.origin, name },
    odfiRouting: account.routing,
    company: { name, id: sender.companyId },
    createdMs: run.createdMs,
    modifier: sender.modifier,
    firstTrace: sender.firstTrace,
    offset: sender.balanced ? account : null,
    lineEnd: sender.crlf ? '\r\n' : '\n',
    payments: payouts.map((payout) => nachaPayment(payout, run)),
  };
};

/** The bank's files of a run, in the order they are handed in. Codes: bank-details, value-out-of-range. */
export const filesOfRun = (made: Run, root: Uint8Array): Result<readonly string[]> => {
  const { run, payouts } = made;
  if (run.bank.startsWith('ach:')) {
    const written = writeNacha(nachaOrderOf(run, payouts));
    return written.ok ? ok(written.value.files) : written;
  }
  const write = run.kind === 'payout' ? creditTransfers : directDebits;
  const file = write(made, messageIdOf(root, run.id));
  return file.ok ? ok([file.value]) : file;
};
