/**
 * ACH returns that are turned away (R61 to R70), so that the payment stands after all; and those that the other bank
 * insists on (R71 to R77). What stands again is a transfer of its own beside the one that was returned.
 */

import { toHex } from '../../../schemas/bytes.ts';
import { encodeCbor } from '../../../schemas/cbor.ts';
import type { Sha256 } from '../../../schemas/crypto.ts';
import type { Book } from '../ledger/book.ts';
import type { PayoutRow } from '../store/tables.ts';
import type { BankFact } from './bank-fact.ts';
import { type ImportLine, lineOf, refusedLine } from './import-line.ts';
import { importTransfers } from './import-transfers.ts';
import { bringBack } from './recovery.ts';

const ID_BYTES = 16;

/** Of a fact that turns a return away, or insists on it. */
export const isAboutReturn = ({ reason }: BankFact): boolean =>
  reason !== null && /^R(?:6[1-9]|7[0-7])$/.test(reason);

/** The returned transfer as it stands again: its id follows from the first, its run has no file. */
export const againOf = (row: PayoutRow, sha256: Sha256): PayoutRow => ({
  ...row,
  id: toHex(sha256(encodeCbor(['tb1/again', row.id])).subarray(0, ID_BYTES)),
  run: `${row.run}-again`,
  state: 'pending',
  reason: null,
});

/** The book has loaded what `againOf` says, its balances and its run. */
export const importAboutReturn = (book: Book, fact: BankFact, row: PayoutRow, sha256: Sha256): ImportLine => {
  const again = againOf(row, sha256);
  const held = book.get('payout', [again.id]);
  if (held !== undefined) return importTransfers(book, fact, [held], false);
  if (fact.kind === 'returned') return importTransfers(book, fact, [row], false);
  if (row.state !== 'returned') {
    return lineOf(fact, 'person', `${row.id} is ${row.state}: import its return first, then this again`);
  }
  const back = bringBack(book, again);
  return back.ok ? importTransfers(book, fact, [back.value], false) : refusedLine(fact, back);
};
