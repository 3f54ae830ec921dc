/** Defects: faults of ours, planted to see that the simulator finds them, replays them and minimises them. */

import type { Changes } from '../../broker/settler/store/store.ts';
import { decodeStream } from '../../schemas/stream.ts';
import type { Message } from '../world/options.ts';
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
};

const NOTHING: Changes = {};

const isRelease = (changes: Changes): boolean =>
  changes.journal?.length === 1 && changes.journal[0]!.key.startsWith('release/');

/** A seller that counts a tick again which came twice. */
const countAgain = (trade: Trade, { to, on, bytes }: Message, isRepeated: boolean): void => {
  if (!isRepeated || to !== 'seller' || on !== 'stream' || trade.sale === null) return;
  const message = decodeStream(bytes);
  if (message.ok && message.value.kind === 'tick')
    trade.sale.verifiedNano += trade.sale.lease.terms.price[0]!.priceNano;
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
  /** A crash leaves half of a commit: what no store may do, and `verify` would have to find. */
  'torn-commit': {
    dying: ({ journal = [] }) => ({ changes: { journal }, isAcknowledged: false }),
  },
} as const satisfies { readonly [name: string]: Defect };
export type DefectName = keyof typeof DEFECTS;
