/** NACHA notifications of change: told to the operator, and written to the owner's details where asked. */

import { didKey } from '../../../schemas/identity.ts';
import type { Book } from '../ledger/book.ts';
import type { PayoutRow } from '../store/tables.ts';
import { accountOfText, accountText } from './account.ts';
import type { AchAccount } from './ach-account.ts';
import type { BankFact, Correction } from './bank-fact.ts';
import { type ImportLine, lineOf, refusedLine } from './import-line.ts';
import { checkAchParty, type Party } from './party.ts';

/** Details were checked when they were set. */
const partyOf = ({ name, bank }: PayoutRow): Party<AchAccount> | undefined => {
  const account = accountOfText(bank);
  return account.ok && account.value.scheme === 'ach' ? { name, account: account.value } : undefined;
};

const corrected = ({ name, account }: Party<AchAccount>, change: Correction): Party<AchAccount> => ({
  name: change.name ?? name,
  account: {
    scheme: 'ach',
    routing: change.routing ?? account.routing,
    number: change.number ?? account.number,
    kind: change.kind ?? account.kind,
  },
});

/** The book has loaded the owner's details. `apply`: write them, where they are still what the payment went to. */
export const importCorrection = (
  book: Book,
  fact: BankFact,
  row: PayoutRow,
  change: Correction,
  apply: boolean,
): ImportLine => {
  const subject = { subject: row.id };
  const before = partyOf(row);
  if (before === undefined) return lineOf(fact, 'person', `${row.bank} is no ACH account`, subject);
  const after = checkAchParty(corrected(before, change));
  if (!after.ok) return refusedLine(fact, after);
  const bank = accountText(after.value.account);
  const told = `${fact.reason}: ${didKey(row.owner)} is ${after.value.name}, ${bank}`;
  const held = book.get('owner', [row.owner, 'ach']);
  if (held === undefined || (held.bank === bank && held.name === after.value.name)) {
    return lineOf(fact, 'known', told, subject);
  }
  if (held.bank !== row.bank) {
    return lineOf(fact, 'person', `${told}; but ${held.bank} was set since: compare the two`, subject);
  }
  if (!apply) return lineOf(fact, 'noted', `${told}: import with --apply, or account set`, subject);
  book.put('owner', { ...held, name: after.value.name, bank });
  return lineOf(fact, 'booked', told, { ...subject, booked: 1 });
};
