/** Defects: faults of ours, planted to see that the simulator finds them, replays them and minimises them. */

import { nativeCrypto } from '../../agent/host/crypto-native.ts';
import { bookDeposit } from '../../broker/settler/bank/deposits.ts';
import { settlePayout } from '../../broker/settler/bank/payouts.ts';
import type { Changes, Store } from '../../broker/settler/store/store.ts';
import { ok, type Result } from '../../schemas/result.ts';
import { decodeStream } from '../../schemas/stream.ts';
import type { Message } from '../world/options.ts';
import type { Bank } from './bank.ts';
import { HOUR_MS } from './options.ts';
import type { Life } from './settler-disk.ts';
import type { Trade } from './trade.ts';

export type Defect = {
  /** What the settler writes instead. */
  readonly commit?: (changes: Changes, life: Life) => Changes;
  /** What a commit that a crash cuts short leaves behind, and whether its requests were answered all the same. */
  readonly dying?: (changes: Changes) => { readonly changes: Changes; readonly isAcknowledged: boolean };
  /** After a message was heard; `isRepeated` where it had been heard before. */
  readonly heard?: (trade: Trade, message: Message, isRepeated: boolean) => void;
  /** Transfers that the bank has not spoken of for so long are taken for rejected. */
  readonly impatienceMs?: number;
  /** What else happens where the bank repeats its last files. */
  readonly repeated?: (store: Store, bank: Bank, nowMs: number) => Promise<Result<unknown>>;
};

const NOTHING: Changes = {};
const { sha256 } = nativeCrypto();

const isRelease = (changes: Changes): boolean =>
  changes.journal?.length === 1 && changes.journal[0]!.key.startsWith('release/');

/** A seller that counts a tick again which came twice. */
const countAgain = (trade: Trade, { to, on, bytes }: Message, isRepeated: boolean): void => {
  if (!isRepeated || to !== 'seller' || on !== 'stream' || trade.sale === null) return;
  const message = decodeStream(bytes);
  if (message.ok && message.value.kind === 'tick')
    trade.sale.verifiedNano += trade.sale.lease.terms.price[0]!.priceNano;
};

/** The operator books what came back once more, by hand. */
const returnsAsDeposits: Defect['repeated'] = async (store, bank, nowMs) => {
  for (const { id, isDebit, currency, cents, returnedMs, tellBackMs } of bank.payments.values()) {
    if (isDebit || !(returnedMs < tellBackMs) || tellBackMs > nowMs) continue;
    const reader = await store.read((one) => one.get('payout', [[id]]));
    if (!reader.ok || reader.value[0] === undefined) continue;
    const { owner } = reader.value[0];
    const deposit = { owner, currency, nano: cents * 10_000_000n, reference: `R-${id}` };
    const booked = await bookDeposit(store, deposit, nowMs, sha256);
    if (!booked.ok) return booked;
  }
  return ok(null);
};

const collectionsAsFinal: Defect['repeated'] = async (store, bank, nowMs) => {
  for (const { id, isDebit } of bank.payments.values()) {
    if (!isDebit) continue;
    const read = await store.read((one) => one.get('payout', [[id]]));
    const row = read.ok ? read.value[0] : undefined;
    if (row?.state !== 'posted') continue;
    const done = await settlePayout(store, row.run, id, 'final', nowMs, sha256);
    if (!done.ok) return done;
  }
  return ok(null);
};

const dropDisputes = (changes: Changes): Changes => {
  const dispute = changes.put?.dispute;
  if (dispute === undefined) return changes;
  return { ...changes, put: { ...changes.put, dispute: dispute.map((row) => ({ ...row, open: false })) } };
};

const keepDebts = (changes: Changes): Changes => {
  if (changes.journal?.some(({ key }) => key.startsWith('default/')) !== true) return changes;
  const balance = changes.put?.balance?.filter(({ account }) => !account.startsWith('owed/')) ?? [];
  return { ...changes, put: { ...changes.put, balance } };
};

export const DEFECTS = {
  /** What the bank has not told within a day is paid again. */
  'double-payout': { impatienceMs: 24 * HOUR_MS },
  /** Receipts leave before the commit. */
  'lost-claim': { dying: () => ({ changes: NOTHING, isAcknowledged: true }) },
  /** After a second restart, what a closed channel held stays where it is: it takes two faults to see it. */
  'forgotten-release': {
    commit: (changes, life) =>
      life.number > 2 && isRelease(changes) ? { put: { channel: changes.put?.channel ?? [] } } : changes,
  },
  'accepted-replay': { heard: countAgain },
  /** A return that the bank tells of twice is taken for new money the second time. */
  'double-return': { repeated: returnsAsDeposits },
  /** What the bank says again that it collected is final, although its payer may still ask for it back. */
  'hurried-collection': { repeated: collectionsAsFinal },
  /** The settler drops a dispute instead of keeping it open. */
  'dropped-dispute': { commit: (changes) => dropDisputes(changes) },
  /** A debt that is written off is still owed. */
  'owed-after-default': { commit: (changes) => keepDebts(changes) },
  /** A crash leaves half of a commit: what no store may do, and `verify` would have to find. */
  'torn-commit': {
    dying: ({ journal = [] }) => ({ changes: { journal }, isAcknowledged: false }),
  },
} as const satisfies { readonly [name: string]: Defect };
export type DefectName = keyof typeof DEFECTS;
