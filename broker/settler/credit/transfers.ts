/** An owner's money between what it spends from and what it is paid: no one else's account moves. */

import type { Sha256 } from '../../../schemas/crypto.ts';
import type { Result } from '../../../schemas/result.ts';
import { eventFor } from '../ledger/ledger.ts';
import { type Booked, bookOnce } from '../ledger/once.ts';
import type { Store } from '../store/store.ts';

export type Transfer = {
  /** withdrawal: from the deposit to the next payout. top-up: from earnings to the deposit. */
  readonly kind: 'withdrawal' | 'top-up';
  readonly owner: Uint8Array;
  readonly currency: string;
  readonly nano: bigint;
  /** Of whoever asks; unique among those of its kind. */
  readonly reference: string;
};

/** Codes: those of `bookOnce`. */
export const bookTransfer = (
  store: Store,
  { kind, owner, currency, nano, reference }: Transfer,
  nowMs: number,
  sha256: Sha256,
): Promise<Result<Booked>> =>
  bookOnce(store, eventFor({ kind, currency, nano, subject: reference, owner }), nowMs, sha256);
