/** How many bytes the messages of a paid reading have: real ones, encoded and signed at their largest values. */

import { nativeCrypto } from '../../agent/host/crypto-native.ts';
import { NANO_MAX } from '../../schemas/amount.ts';
import { U32_MAX } from '../../schemas/fields.ts';
import { signGrant } from '../../schemas/grant.ts';
import { encodeReading } from '../../schemas/senml.ts';
import { CHAIN_TICKS_MAX, encodeTick, LINK_BYTES } from '../../schemas/tick.ts';
import { signVoucher, type Voucher } from '../../schemas/voucher.ts';
import type { Bench, Figure } from './bench.ts';

/** One frame of LoRaWAN at DR0 (EU868): what a reading and its tick must fit together. */
const LORAWAN_DR0_BYTES = 51;
/** The 70,000th of its kind. */
const SEQ = 70_000;
const NOW_S = 1_795_000_000;

export const bench: Bench = {
  name: 'wire',
  summary: 'bytes of a reading, a tick, a voucher and a grant at their largest values',
  run: async () => {
    const crypto = nativeCrypto();
    const signer = crypto.signerOf(crypto.random(32));
    const channel = crypto.random(32);
    const plain: Voucher = {
      seq: SEQ,
      cumulativeNano: NANO_MAX,
      readings: SEQ,
      head: crypto.random(32),
      anchor: null,
      tickNano: 0,
    };
    const chained: Voucher = { ...plain, anchor: crypto.random(LINK_BYTES), tickNano: U32_MAX };
    const grant = {
      issuedS: NOW_S,
      version: SEQ,
      limitNano: NANO_MAX,
      expiryS: U32_MAX,
      backing: 'deposit',
    } as const;
    const settler = { signer, certificate: null };
    // 65,535 is the dearest seq mod 2^16, 101,325 Pa a mantissa of five bytes.
    const tickBytes = encodeTick(65_535, CHAIN_TICKS_MAX, crypto.random(LINK_BYTES)).length;
    const value = { mantissa: 10_132_501, exponent: -2 };
    const readingBytes = encodeReading({ seq: SEQ, value, offsetMs: 0 }).length;
    const figures: Figure[] = [
      { name: 'tick_bytes', value: tickBytes, target: { max: 24 } },
      { name: 'reading_bytes', value: readingBytes },
      { name: 'paid_reading_bytes', value: readingBytes + tickBytes, target: { max: LORAWAN_DR0_BYTES } },
      { name: 'voucher_bytes', value: signVoucher(channel, plain, signer).length, target: { max: 128 } },
      {
        name: 'voucher_chain_bytes',
        value: signVoucher(channel, chained, signer).length,
        target: { max: 150 },
      },
      { name: 'grant_bytes', value: signGrant(channel, grant, settler).length },
    ];
    return figures;
  },
};
