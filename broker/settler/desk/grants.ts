/** Grants: a payer's open reserves its limit. An id seen once exists forever. */

import { toHex } from '../../../schemas/bytes.ts';
import { signGrant } from '../../../schemas/grant.ts';
import type { Channel, Open } from '../../../schemas/open.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import type { Book } from '../ledger/book.ts';
import type { Answer } from './answer.ts';
import type { Desk } from './desk.ts';

const NO_STEP = { paidNano: 0, closed: false, voucher: null, index: 0, link: null };

const checkOpen = (open: Open, timeMs: number, desk: Desk): Result<Open> => {
  if (toHex(open.settler) !== toHex(desk.root)) {
    return refuse('settler-unpinned', 'the open names another settler: send it there');
  }
  if (!desk.currencies.includes(open.currency)) {
    const known = desk.currencies.join(', ');
    return refuse('currency-unknown', `${open.currency} is not settled here, only ${known}`);
  }
  const nowS = Math.floor(timeMs / 1000);
  if (open.expiryS <= nowS) {
    return refuse('channel-expired', `expiry ${open.expiryS} is not after ${nowS}: open with a later one`);
  }
  if (open.expiryS > nowS + desk.limits.expiryMaxS) {
    const latest = nowS + desk.limits.expiryMaxS;
    return refuse('value-out-of-range', `expiry ${open.expiryS} is too far, the latest is ${latest}`);
  }
  return ok(open);
};

/**
 * Reserves the limit of a channel whose open is verified; `proof` is the open as received.
 * Codes: settler-unpinned, currency-unknown, channel-expired, value-out-of-range, deposit-insufficient.
 */
export const grantChannel = (book: Book, channel: Channel, proof: Uint8Array, desk: Desk): Result<Answer> => {
  const known = book.channel(channel.id);
  if (known !== undefined) {
    return ok(known.closed ? { kind: 'receipt', channel: known } : { kind: 'grant', grant: known.grant });
  }
  const checked = checkOpen(channel.open, book.timeMs, desk);
  if (!checked.ok) return checked;
  const { payer, payee, currency, limitNano, expiryS, terms } = channel.open;
  const booked = book.post({
    kind: 'grant',
    currency,
    nano: BigInt(limitNano),
    subject: toHex(channel.id),
    owner: payer,
    totalNano: 0n,
    proof,
  });
  if (!booked.ok) return booked;
  const issuedS = Math.floor(book.timeMs / 1000);
  const grant = signGrant(
    channel.id,
    { issuedS, version: 1, limitNano, expiryS, backing: 'deposit' },
    desk.signer,
  );
  const row = { id: channel.id, payer, payee, currency, lease: terms, limitNano, expiryS, grant, ...NO_STEP };
  book.putChannel({ ...row, bookedIndex: booked.value.index });
  return ok({ kind: 'grant', grant });
};
