/** Guarantees: the settler's own line to a debtor, up to which it stands in for it. Its operator sets it. */

import { toHex } from '../../../schemas/bytes.ts';
import type { Sha256 } from '../../../schemas/crypto.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { formatAmount } from '../ledger/amount.ts';
import { openBook } from '../ledger/book.ts';
import { eventFor } from '../ledger/ledger.ts';
import { guaranteeProof } from '../ledger/proofs.ts';
import { checkKeptIn, rootOf } from '../store/root.ts';
import type { Store } from '../store/store.ts';
import type { Key, LineRow } from '../store/tables.ts';

export type GuaranteeOrder = {
  readonly debtor: Uint8Array;
  readonly currency: string;
  /** 0: no new credit; what is owed stays owed. */
  readonly limitNano: bigint;
  /** 0: it does not expire. */
  readonly expiryS: number;
};

/** A limit travels in signed objects elsewhere, so it ends where theirs does. */
const LIMIT_NANO_MAX = BigInt(Number.MAX_SAFE_INTEGER);

/**
 * Sets the line as a new version of it, durably; one that is like that already is left alone.
 * Codes: value-out-of-range, currency-unknown, config-invalid, those of the store.
 */
export const setGuarantee = async (
  store: Store,
  { debtor, currency, limitNano, expiryS }: GuaranteeOrder,
  nowMs: number,
  sha256: Sha256,
): Promise<Result<LineRow>> => {
  if (limitNano > LIMIT_NANO_MAX) {
    const [said, most] = [formatAmount(limitNano), formatAmount(LIMIT_NANO_MAX)];
    return refuse('value-out-of-range', `a limit of ${said} is too high: a line ends at ${most}`);
  }
  if (expiryS !== 0 && expiryS * 1000 <= nowMs) {
    const ended = new Date(expiryS * 1000).toISOString();
    return refuse('value-out-of-range', `a line until ${ended} is over already: end it by a limit of 0`);
  }
  const set = await store.transact<Result<LineRow>>(async (reader) => {
    const root = await rootOf(reader);
    if (!root.ok) return { changes: {}, value: root };
    const kept = await checkKeptIn(reader, currency);
    if (!kept.ok) return { changes: {}, value: kept };
    if (toHex(root.value) === toHex(debtor)) {
      const value = refuse('value-out-of-range', 'the settler gives no line to itself: name an owner');
      return { changes: {}, value };
    }
    const key: Key = [root.value, debtor, currency];
    const book = await openBook(reader, { line: [key] }, nowMs, sha256);
    const held = book.get('line', key);
    if (held?.limitNano === Number(limitNano) && held.expiryS === expiryS) {
      return { changes: {}, value: ok(held) };
    }
    const version = (held?.version ?? 0) + 1;
    const booked = book.post(
      eventFor({
        kind: 'guarantee',
        currency,
        nano: 0n,
        subject: `${toHex(debtor)}/${currency}/${version}`,
        owner: root.value,
        other: debtor,
        backing: 'guaranteed',
        proof: guaranteeProof({ version, limitNano: Number(limitNano), expiryS }),
      }),
    );
    return { changes: book.changes(), value: booked.ok ? ok(book.get('line', key)!) : booked };
  });
  return set.ok ? set.value : set;
};
