/**
 * Signatures of claims checked before the transaction, where the machine has threads to do it: a check takes half of
 * a claim's time, and the transaction is alone on its database.
 *
 * It needs the payer's key, which a channel has for ever; so it works for channels that were claimed on here before.
 * What is remembered of a channel spares checks and decides nothing: the transaction compares every byte that was
 * checked, and checks by itself what it was not told.
 */

import { equalBytes, toHex } from '../../../schemas/bytes.ts';
import type { Crypto } from '../../../schemas/crypto.ts';
import type { Stated } from '../../../schemas/evidence.ts';
import { verifyVoucherIn } from '../../../schemas/voucher.ts';
import type { ChannelRow } from '../store/tables.ts';

/** Channels remembered, the longest unused forgotten first: some 1 kB each. */
const CHANNELS_MAX = 16_384;

type Asked = { readonly key: Uint8Array; readonly message: Uint8Array; readonly signature: Uint8Array };

/** What the transaction will ask, without an answer. undefined where it asks nothing. */
const askedBy = (channel: ChannelRow, { envelope }: Stated): Asked | undefined => {
  let asked: Asked | undefined;
  const verify: Crypto['verify'] = (key, message, signature) => {
    asked = { key, message, signature };
    return false;
  };
  verifyVoucherIn(envelope, channel.id, channel.payer, verify);
  return asked;
};

export type Ahead = {
  /** Cryptography for a claim that knows the answer; undefined where there is nothing to check. `allow` as for `claim`. */
  readonly check: (
    channelId: Uint8Array,
    stated: Stated,
    allow: () => boolean,
  ) => Promise<Crypto> | undefined;
  /** A channel as a claim left it. */
  readonly note: (channel: ChannelRow) => void;
};

/** Would the claim come to its signature? The transaction asks the same of the channel as it is then. */
const isWorthwhile = (channel: ChannelRow, { evidence, totalNano }: Stated): boolean => {
  if (channel.closed || (channel.voucher !== null && equalBytes(channel.voucher, evidence.voucher)))
    return false;
  return totalNano > channel.paidNano && totalNano <= channel.limitNano;
};

export const createAhead = (crypto: Crypto): Ahead => {
  const { verifyAside } = crypto;
  const known = new Map<string, ChannelRow>();
  return {
    check: (channelId, stated, allow) => {
      const channel = known.get(toHex(channelId));
      if (verifyAside === undefined || channel === undefined) return undefined;
      if (!isWorthwhile(channel, stated) || !allow()) return undefined;
      const asked = askedBy(channel, stated);
      if (asked === undefined) return undefined;
      const isAsked: Crypto['verify'] = (key, message, signature) =>
        equalBytes(key, asked.key) &&
        equalBytes(message, asked.message) &&
        equalBytes(signature, asked.signature);
      return verifyAside(asked.key, asked.message, asked.signature).then((valid) => ({
        ...crypto,
        verify: (...three) => (isAsked(...three) ? valid : crypto.verify(...three)),
      }));
    },
    note: (channel) => {
      if (verifyAside === undefined) return;
      const name = toHex(channel.id);
      known.delete(name);
      known.set(name, channel);
      if (known.size > CHANNELS_MAX) known.delete(known.keys().next().value!);
    },
  };
};
