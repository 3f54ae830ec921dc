/**
 * How fast one core accepts ticks and vouchers, as bytes off the wire, decoded, checked and taken into the
 * state; beside them a bare `node:crypto` verification in the same run, and the portable provider.
 */

import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { nativeCrypto } from '../../agent/host/crypto-native.ts';
import { nobleCrypto } from '../../agent/host/crypto-noble.ts';
import type { HostCrypto } from '../../agent/host/host-crypto.ts';
import { acceptTick, acceptVoucher, decodeTick, type Held, newHeld } from '../../schemas/evidence.ts';
import { buildChain, CHAIN_TICKS_MAX, encodeTick, linkAt } from '../../schemas/tick.ts';
import { signVoucher } from '../../schemas/voucher.ts';
import type { Bench, Figure } from './bench.ts';
import { type Contestant, median, medianRatio, takeTurns } from './measure.ts';

const CHANNEL = new Uint8Array(32).fill(7);
const LIMIT_NANO = Number.MAX_SAFE_INTEGER;
const TICK_NANO = 1000;
/** Vouchers signed ahead; noble verifies about one per millisecond. */
const VOUCHERS = { native: 256, noble: 32 };

/** Vouchers of one channel with rising totals, each opening a chain: the largest there are. */
const signVouchers = (
  crypto: HostCrypto,
  payer: ReturnType<HostCrypto['signerOf']>,
  count: number,
): Uint8Array[] =>
  Array.from({ length: count }, (_, i) =>
    signVoucher(
      CHANNEL,
      {
        seq: i + 1,
        cumulativeNano: i * CHAIN_TICKS_MAX * TICK_NANO,
        readings: i,
        head: crypto.random(32),
        anchor: crypto.random(16),
        tickNano: TICK_NANO,
      },
      payer,
    ),
  );

const accepted = <T>(
  result: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly detail: string },
): T => {
  if (!result.ok) throw new Error(`refused what is right: ${result.detail}`);
  return result.value;
};

const vouchersOf = (crypto: HostCrypto): Contestant<Held> => {
  const payer = nativeCrypto().signerOf(crypto.random(32));
  const vouchers = signVouchers(crypto, payer, VOUCHERS[crypto.provider]);
  return {
    prepare: () => newHeld(CHANNEL, payer.key, LIMIT_NANO, CHAIN_TICKS_MAX),
    run: (held) => {
      for (const voucher of vouchers) accepted(acceptVoucher(held, voucher, crypto));
      return vouchers.length;
    },
  };
};

const ticksOf = (crypto: HostCrypto): Contestant<Held> => {
  const payer = crypto.signerOf(crypto.random(32));
  const chain = buildChain(crypto.sha256, CHANNEL, 1, crypto.random(16), CHAIN_TICKS_MAX);
  const opening = {
    seq: 1,
    cumulativeNano: 0,
    readings: 0,
    head: crypto.random(32),
    anchor: linkAt(chain, 0),
    tickNano: TICK_NANO,
  };
  const voucher = signVoucher(CHANNEL, opening, payer);
  const ticks = Array.from({ length: CHAIN_TICKS_MAX }, (_, i) => encodeTick(1, i + 1, linkAt(chain, i + 1)));
  return {
    prepare: () => {
      const held = newHeld(CHANNEL, payer.key, LIMIT_NANO, CHAIN_TICKS_MAX);
      accepted(acceptVoucher(held, voucher, crypto));
      return held;
    },
    run: (held) => {
      for (const tick of ticks) accepted(acceptTick(held, accepted(decodeTick(tick)), crypto));
      return ticks.length;
    },
  };
};

/** The same signature under the same imported key, over and over: nothing but OpenSSL. */
const bareVerify = (): Contestant => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const key = createPublicKey(publicKey.export({ format: 'pem', type: 'spki' }));
  const message = Buffer.alloc(150, 7);
  const signature = sign(null, message, privateKey);
  return {
    prepare: () => undefined,
    run: () => {
      for (let i = 0; i < 100; i++)
        if (!verify(null, message, key, signature)) throw new Error('does not verify');
      return 100;
    },
  };
};

export const bench: Bench = {
  name: 'crypto',
  summary: 'ticks and vouchers accepted per second and core, beside a bare Ed25519 verification',
  run: async (progress) => {
    const rates = await takeTurns(
      {
        ticks: ticksOf(nativeCrypto()),
        vouchers: vouchersOf(nativeCrypto()),
        verify: bareVerify(),
        nobleTicks: ticksOf(nobleCrypto()),
        nobleVouchers: vouchersOf(nobleCrypto()),
      },
      progress,
    );
    const bare = { name: 'bare verify', value: median(rates.verify) };
    const figures: Figure[] = [
      { name: 'ticks_per_s', value: median(rates.ticks), target: { min: 200_000 }, baseline: bare },
      { name: 'vouchers_per_s', value: median(rates.vouchers), target: { min: 10_000 }, baseline: bare },
      { name: 'ed25519_verify_per_s', value: bare.value },
      { name: 'ticks_per_verify', value: medianRatio(rates.ticks, rates.verify) },
      { name: 'vouchers_per_verify', value: medianRatio(rates.vouchers, rates.verify) },
      {
        name: 'noble_ticks_per_s',
        value: median(rates.nobleTicks),
        baseline: { name: 'native', value: median(rates.ticks) },
      },
      {
        name: 'noble_vouchers_per_s',
        value: median(rates.nobleVouchers),
        baseline: { name: 'native', value: median(rates.vouchers) },
      },
    ];
    return figures;
  },
};
