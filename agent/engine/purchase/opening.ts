/** Opening: the offer becomes a lease, the lease a channel, and the seller sees the grant. */

import { equalBytes } from '../../../schemas/bytes.ts';
import { parseObject } from '../../../schemas/cose.ts';
import { openGrant } from '../../../schemas/grant.ts';
import { openChannel, signOpen } from '../../../schemas/open.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { encodeControl, RESYNC_NONCE_BYTES } from '../../../schemas/stream.ts';
import { openLease, type Terms } from '../../../schemas/terms.ts';
import { limitNanoOf } from '../offer.ts';
import { ask, newRequestId } from '../outbox.ts';
import { KIND } from '../record.ts';
import { notice, stream, type Turn } from '../turn.ts';
import { openFirstChain, sendTick } from './payment.ts';
import { journalPurchase, type Purchase } from './state.ts';

/** The channel outlives the lease by this, so that the seller's last claim finds it open. */
const CHANNEL_TAIL_S = 3600;

export const sendOffer = (turn: Turn, purchase: Purchase): void =>
  ask(turn, purchase.outbox, 'seller', {
    kind: 'offer',
    id: newRequestId(turn),
    parts: [purchase.offerBytes],
  });

/** The seller's signature under our offer, unchanged. Codes: those of `openLease`, terms-unacceptable. */
export const installLease = (turn: Turn, purchase: Purchase, leaseBytes: Uint8Array): Result<boolean> => {
  const lease = openLease(leaseBytes, turn.ports.crypto);
  if (!lease.ok) return lease;
  const envelope = parseObject(leaseBytes);
  if (!envelope.ok || !equalBytes(envelope.value.payload, purchase.offerBytes)) {
    return refuse('terms-unacceptable', 'the lease is for another offer');
  }
  purchase.lease = lease.value;
  purchase.head = lease.value.id;
  purchase.phase = 'opening';
  return ok(true);
};

/** One lease, one channel: nothing in it is chosen, so that a buyer that forgot it opens the same one again. */
const openFor = (turn: Turn, purchase: Purchase, terms: Terms): Uint8Array =>
  signOpen(
    {
      payer: terms.buyer,
      payee: terms.seller,
      settler: terms.settler,
      currency: terms.currency,
      limitNano: limitNanoOf(terms.price, terms.readingsMax, terms.ticks),
      expiryS: terms.expiryS + CHANNEL_TAIL_S,
      nonce: terms.nonce,
      terms: purchase.lease!.id,
    },
    turn.ports.signer,
  );

export const installOpen = (turn: Turn, purchase: Purchase, openBytes: Uint8Array): Result<boolean> => {
  const channel = openChannel(openBytes, turn.ports.crypto);
  if (!channel.ok) return channel;
  purchase.openBytes = openBytes;
  purchase.channel = channel.value;
  return ok(true);
};

export const askGrant = (turn: Turn, purchase: Purchase): void => {
  if (purchase.openBytes === null) {
    installOpen(turn, purchase, openFor(turn, purchase, purchase.terms));
    journalPurchase(turn, purchase, KIND.purchaseOpen, [purchase.openBytes!]);
  }
  ask(turn, purchase.outbox, 'settler', {
    kind: 'open',
    id: newRequestId(turn),
    parts: [purchase.openBytes!],
  });
};

export const onLease = (turn: Turn, purchase: Purchase, leaseBytes: Uint8Array): void => {
  if (purchase.phase !== 'offering') return;
  const lease = installLease(turn, purchase, leaseBytes);
  if (!lease.ok) {
    notice(turn, lease.code, lease.detail);
    return;
  }
  journalPurchase(turn, purchase, KIND.purchaseLease, [leaseBytes]);
  turn.effects.push({ kind: 'leased', lease: purchase.lease!.id });
  askGrant(turn, purchase);
};

export const installGrant = (turn: Turn, purchase: Purchase, grantBytes: Uint8Array): Result<boolean> => {
  if (purchase.channel === null) return refuse('channel-unknown', 'a grant before an open');
  const grant = openGrant(grantBytes, purchase.channel.id, purchase.terms.settler, turn.ports.crypto.verify);
  if (!grant.ok) return grant;
  purchase.grantBytes = grantBytes;
  purchase.backing = grant.value.backing;
  purchase.limitNano = grant.value.limitNano;
  purchase.expiryS = Math.min(grant.value.expiryS, purchase.terms.expiryS);
  if (purchase.phase === 'opening') purchase.phase = 'buying';
  return ok(true);
};

export const onGrant = (turn: Turn, purchase: Purchase, grantBytes: Uint8Array): void => {
  if (purchase.phase !== 'opening') return;
  const grant = installGrant(turn, purchase, grantBytes);
  if (!grant.ok) {
    notice(turn, grant.code, grant.detail);
    return;
  }
  journalPurchase(turn, purchase, KIND.purchaseGrant, [grantBytes]);
  introduce(turn, purchase);
};

/** Everything the seller needs to go on, whatever it lost: grant, voucher, tick, and what we hold. */
export const introduce = (turn: Turn, purchase: Purchase): void => {
  if (purchase.grantBytes === null || purchase.lease === null) return;
  stream(turn, encodeControl({ kind: 'grant', parts: [purchase.openBytes!, purchase.grantBytes] }));
  if (purchase.voucherBytes === null) openFirstChain(turn, purchase);
  else stream(turn, purchase.voucherBytes);
  purchase.nonce = turn.ports.crypto.random(RESYNC_NONCE_BYTES);
  purchase.heardMs = turn.nowMs;
  sendTick(turn, purchase);
  const place = [purchase.nonce, null, null, purchase.highest, purchase.head] as const;
  stream(turn, encodeControl({ kind: 'resync', parts: place }));
};
