/** Deposits: money that reached the settler's bank, booked once per bank reference. */

import type { Sha256 } from '../../../schemas/crypto.ts';
import type { Result } from '../../../schemas/result.ts';
import { eventFor } from '../ledger/ledger.ts';
import { type Booked, bookOnce, type Guard } from '../ledger/once.ts';
import { CURRENCIES, checkKept } from '../store/root.ts';
import type { Store } from '../store/store.ts';

export type Deposit = {
  readonly owner: Uint8Array;
  readonly currency: string;
  readonly nano: bigint;
  /** The bank's own reference: 1 to 64 printable ASCII characters without spaces. */
  readonly reference: string;
};

/** No subcommand takes a deposit back. */
const keptBy = (currency: string): Guard => ({
  wants: { meta: [CURRENCIES] },
  check: (book) => checkKept(book.get('meta', CURRENCIES)?.value, currency),
});

/**
 * Books a deposit durably. The same again changes nothing.
 * Codes: value-out-of-range, currency-unknown, reference-reused (for another deposit), those of the store.
 */
export const bookDeposit = (
  store: Store,
  { owner, currency, nano, reference }: Deposit,
  nowMs: number,
  sha256: Sha256,
): Promise<Result<Booked>> =>
  bookOnce(
    store,
    eventFor({ kind: 'deposit', currency, nano, subject: reference, owner }),
    nowMs,
    sha256,
    keptBy(currency),
  );
