/**
 * Defaults: a debt that will not be paid is written off. Who bears it is who gave the credit: the settler what it
 * guaranteed, as a loss; an owner what it trusted a debtor with, which it then never gets. The line is free again.
 */

import type { Sha256 } from '../../../schemas/crypto.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { formatAmount } from '../ledger/amount.ts';
import { type Creditor, eventFor, owedAccount } from '../ledger/ledger.ts';
import { type Booked, bookOnce, type Guard } from '../ledger/once.ts';
import type { Store } from '../store/store.ts';

export type Default = {
  readonly debtor: Uint8Array;
  /** Who bears it; null is the settler. */
  readonly creditor: Creditor;
  readonly currency: string;
  readonly nano: bigint;
  readonly reference: string;
};

/** Codes: value-out-of-range (also: more than is owed), reference-reused, those of the store. */
export const writeOff = (
  store: Store,
  { debtor, creditor, currency, nano, reference }: Default,
  nowMs: number,
  sha256: Sha256,
): Promise<Result<Booked>> => {
  const account = owedAccount(creditor, debtor);
  const owed: Guard = {
    wants: { balance: [[account, currency]] },
    check: (book) => {
      const owedNano = book.balanceNano(account, currency);
      if (nano <= owedNano) return ok(null);
      return refuse(
        'value-out-of-range',
        `${formatAmount(owedNano)} ${currency} are owed: write off at most that`,
      );
    },
  };
  const event = eventFor({
    kind: 'default',
    currency,
    nano,
    subject: reference,
    owner: debtor,
    ...(creditor === null
      ? { backing: 'guaranteed' as const }
      : { backing: 'bilateral' as const, other: creditor }),
  });
  return bookOnce(store, event, nowMs, sha256, owed);
};
