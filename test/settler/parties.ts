/** Parties of the settler's tests: keys from numbers, and what payers and payees sign and send. */

import { nativeCrypto } from '../../agent/host/crypto-native.ts';
import { bookDeposit } from '../../broker/settler/bank/deposits.ts';
import type { SettlerLimits } from '../../broker/settler/settings.ts';
import { createSettler, type Settler, type SettlerOptions } from '../../broker/settler/settler.ts';
import type { Store } from '../../broker/settler/store/store.ts';
import { signClose } from '../../schemas/close.ts';
import type { Signer } from '../../schemas/crypto.ts';
import type { Evidence } from '../../schemas/evidence.ts';
import { idOf } from '../../schemas/identity.ts';
import { openChannel, signOpen } from '../../schemas/open.ts';
import { openReceipt, type Receipt } from '../../schemas/receipt.ts';
import { decodeRequest, encodeRequest, type Request, type RequestKind } from '../../schemas/request.ts';
import { type Code, codeOf } from '../../schemas/result.ts';
import { agreeStatement, signStatement } from '../../schemas/statement.ts';
import { buildChain, encodeTick, linkAt } from '../../schemas/tick.ts';
import { signVoucher } from '../../schemas/voucher.ts';

export const crypto = nativeCrypto();

export const partyOf = (number: number): Signer => {
  const seed = new Uint8Array(32);
  new DataView(seed.buffer).setUint32(0, number);
  return crypto.signerOf(seed);
};

export const ROOT = partyOf(1);
export const PAYER = partyOf(2);
export const PAYEE = partyOf(3);
export const OTHER = partyOf(4);
const LEASE = crypto.sha256(new Uint8Array([1]));

/** 2026-11-20 00:00:00 UTC */
export const START_MS = Date.UTC(2026, 10, 20);
export const START_S = START_MS / 1000;
export const DAY_MS = 86_400_000;
export const UNIT = 1_000_000_000;

const bytesOf = (number: number, length: number): Uint8Array => {
  const bytes = new Uint8Array(length);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
};

/** A channel as its payer opens it; `nonce` makes another one of the same. */
export type OpenedChannel = {
  readonly id: Uint8Array;
  readonly bytes: Uint8Array;
  readonly payer: Signer;
  readonly payee: Signer;
  readonly limitNano: number;
};

export type OpenWish = {
  readonly nonce?: number;
  readonly limitNano?: number;
  readonly expiryS?: number;
  readonly currency?: string;
  readonly payer?: Signer;
  readonly payee?: Signer;
  readonly settler?: Uint8Array;
};

export const openOf = (wish: OpenWish = {}): OpenedChannel => {
  const payer = wish.payer ?? PAYER;
  const payee = wish.payee ?? PAYEE;
  const limitNano = wish.limitNano ?? 5 * UNIT;
  const bytes = signOpen(
    {
      payer: payer.key,
      payee: payee.key,
      settler: wish.settler ?? ROOT.key,
      currency: wish.currency ?? 'EUR',
      limitNano,
      expiryS: wish.expiryS ?? START_S + 86_400,
      nonce: bytesOf(wish.nonce ?? 1, 16),
      terms: LEASE,
    },
    payer,
  );
  const opened = openChannel(bytes, crypto);
  if (!opened.ok) throw new Error(opened.detail);
  return { id: opened.value.id, bytes, payer, payee, limitNano };
};

/** Evidence of `index` ticks (0: the voucher alone) of `tickNano` on top of `cumulativeNano`. */
export const evidenceFor = (
  channel: OpenedChannel,
  seq: number,
  cumulativeNano: number,
  index = 0,
  tickNano = 1000,
): Evidence => {
  const links = buildChain(crypto.sha256, channel.id, seq, bytesOf(seq, 16), 64);
  const voucher = signVoucher(
    channel.id,
    { seq, cumulativeNano, readings: 0, head: LEASE, anchor: linkAt(links, 0), tickNano },
    channel.payer,
  );
  return { voucher, tick: index === 0 ? null : encodeTick(seq, index, linkAt(links, index)) };
};

let requests = 0;
const nextId = (): Uint8Array => bytesOf(++requests, 8);

export const openRequest = (channel: OpenedChannel): Uint8Array =>
  encodeRequest({ kind: 'open', id: nextId(), parts: [channel.bytes] });

export const claimRequest = (channel: OpenedChannel, evidence: Evidence): Uint8Array =>
  encodeRequest({ kind: 'claim', id: nextId(), parts: [channel.id, evidence.voucher, evidence.tick] });

/** Signed by `first`, and by `second` as consent. */
export const closeRequest = (
  channel: OpenedChannel,
  totalNano: number,
  first: Signer,
  second?: Signer,
): Uint8Array =>
  encodeRequest({
    kind: 'close',
    id: nextId(),
    parts: [
      channel.id,
      signClose(channel.id, totalNano, first),
      second === undefined ? null : signClose(channel.id, totalNano, second),
    ],
  });

export const queryRequest = (channel: OpenedChannel): Uint8Array =>
  encodeRequest({ kind: 'query', id: nextId(), parts: [channel.id] });

export const agreedOf = (channel: OpenedChannel, totalNano: number, readings: number): Uint8Array =>
  agreeStatement(
    LEASE,
    signStatement(
      LEASE,
      {
        channel: channel.id,
        delivered: readings,
        paid: readings,
        totalNano,
        head: LEASE,
        reason: 'readings',
      },
      channel.payer,
    ),
    channel.payee,
  );

export const statementRequest = (agreed: Uint8Array, lease = LEASE): Uint8Array =>
  encodeRequest({ kind: 'statement', id: nextId(), parts: [lease, agreed] });

/** What a reply says, its signature verified: a receipt, the code of a refusal, or the kind of another answer. */
export type Reply = {
  readonly kind: RequestKind;
  readonly bytes: Uint8Array;
  readonly receipt?: Receipt;
  readonly code?: Code | undefined;
};

const readReply = (bytes: Uint8Array | undefined, channel?: OpenedChannel): Reply => {
  if (bytes === undefined) throw new Error('no reply');
  const decoded = decodeRequest(bytes);
  if (!decoded.ok) throw new Error(decoded.detail);
  const reply: Request = decoded.value;
  if (reply.kind === 'refusal') return { kind: reply.kind, bytes, code: codeOf(reply.parts[0]) };
  if (reply.kind !== 'receipt' || channel === undefined) return { kind: reply.kind, bytes };
  const receipt = openReceipt(reply.parts[0], channel.id, ROOT.key, crypto.verify);
  if (!receipt.ok) throw new Error(receipt.detail);
  return { kind: reply.kind, bytes, receipt: receipt.value };
};

/** A settler over a store, with a clock to set. Requests are not held back: tests do not sleep. */
export type House = {
  readonly settler: Settler;
  readonly clock: { nowMs: number };
  readonly logged: string[];
  readonly ask: (bytes: Uint8Array, channel?: OpenedChannel, from?: Signer) => Promise<Reply>;
  readonly deposit: (units: number, reference: string, owner?: Signer) => Promise<void>;
};

export const houseOver = async (
  store: Store,
  limits: Partial<SettlerLimits> = {},
  more: Partial<SettlerOptions> = {},
): Promise<House> => {
  const clock = { nowMs: START_MS };
  const logged: string[] = [];
  const created = await createSettler({
    store,
    root: ROOT.key,
    signer: { signer: ROOT, certificate: null },
    crypto,
    nowMs: () => clock.nowMs,
    log: (line) => void logged.push(line),
    currencies: ['EUR', 'USD'],
    limits: { lingerMs: 0, sweepMs: 0, ...limits },
    ...more,
  });
  if (!created.ok) throw new Error(created.detail);
  const settler = created.value;
  return {
    settler,
    clock,
    logged,
    ask: async (bytes, channel, from = PAYEE) =>
      readReply(await settler.handle(idOf(from.key, crypto.sha256), bytes), channel),
    deposit: async (units, reference, owner = PAYER) => {
      const nano = BigInt(units) * BigInt(UNIT);
      const deposit = { owner: owner.key, currency: 'EUR', nano, reference };
      const booked = await bookDeposit(store, deposit, clock.nowMs, crypto.sha256);
      if (!booked.ok) throw new Error(booked.detail);
    },
  };
};
