/**
 * Durable claims per second: requests as bytes in, receipts signed after the commit as bytes out, from many
 * channels at once, on SQLite; beside them bare commits of one row each on the same disk.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nativeCrypto } from '../../agent/host/crypto-native.ts';
import { bookDeposit } from '../../broker/settler/bank/deposits.ts';
import { createSettler, type Settler } from '../../broker/settler/settler.ts';
import { openSqliteStore } from '../../broker/settler/store/sqlite.ts';
import { loadSqlite } from '../../broker/settler/store/sqlite-driver.ts';
import type { Store } from '../../broker/settler/store/store.ts';
import type { Signer } from '../../schemas/crypto.ts';
import { idOf } from '../../schemas/identity.ts';
import { openChannel, signOpen } from '../../schemas/open.ts';
import { decodeRequest, encodeRequest } from '../../schemas/request.ts';
import type { Result } from '../../schemas/result.ts';
import { buildChain, CHAIN_TICKS_MAX, encodeTick, linkAt } from '../../schemas/tick.ts';
import { signVoucher } from '../../schemas/voucher.ts';
import { must } from '../world/deal.ts';
import type { Bench } from './bench.ts';
import { type Contestant, median, takeTurns } from './measure.ts';

const CHANNELS = 500;
const TICK_NANO = 1000;
/** Ticks between two claims of a channel: the work of the hash chain is in the figure. */
const STRIDE = 16;
const crypto = nativeCrypto();

const SENDER = idOf(crypto.random(32), crypto.sha256);

const sure = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(`${result.code}: ${result.detail}`);
  return result.value;
};

const ask = async (settler: Settler, bytes: Uint8Array): Promise<void> => {
  const reply = sure(decodeRequest((await settler.handle(SENDER, bytes))!));
  if (reply.kind === 'refusal') throw new Error(`refused: ${reply.parts[1]}`);
};

type Claims = Generator<Uint8Array, never>;

/** Endless claims of one channel: the ticks of a chain, then a fresh voucher. */
const ticksOf = function* (channel: Uint8Array, payer: Signer): Claims {
  for (let seq = 1; ; seq++) {
    const cumulativeNano = (seq - 1) * CHAIN_TICKS_MAX * TICK_NANO;
    const links = buildChain(crypto.sha256, channel, seq, crypto.random(16), CHAIN_TICKS_MAX);
    const head = crypto.random(32);
    const anchor = linkAt(links, 0);
    const voucher = signVoucher(
      channel,
      { seq, cumulativeNano, readings: 0, head, anchor, tickNano: TICK_NANO },
      payer,
    );
    for (let index = STRIDE; index <= CHAIN_TICKS_MAX; index += STRIDE) {
      const tick = encodeTick(seq, index, linkAt(links, index));
      yield encodeRequest({ kind: 'claim', id: crypto.random(8), parts: [channel, voucher, tick] });
    }
  }
};

/** Endless claims, a fresh voucher with every claim: each costs the settler a signature check. */
const vouchersOf = function* (channel: Uint8Array, payer: Signer): Claims {
  for (let seq = 1; ; seq++) {
    const voucher = signVoucher(
      channel,
      { seq, cumulativeNano: seq * TICK_NANO, readings: 0, head: channel, anchor: null, tickNano: 0 },
      payer,
    );
    yield encodeRequest({ kind: 'claim', id: crypto.random(8), parts: [channel, voucher, null] });
  }
};

/** Opens channels and answers with the claims of each. */
const openChannels = async (
  { settler, root, payer }: House,
  claims: (channel: Uint8Array, payer: Signer) => Claims,
): Promise<Claims[]> => {
  const opens = Array.from({ length: CHANNELS }, () =>
    signOpen(
      {
        payer: payer.key,
        payee: root.key,
        settler: root.key,
        currency: 'EUR',
        limitNano: 2 ** 43,
        expiryS: Math.floor(Date.now() / 1000) + 86_400,
        nonce: crypto.random(16),
        terms: crypto.random(32),
      },
      payer,
    ),
  );
  await Promise.all(
    opens.map((open) => ask(settler, encodeRequest({ kind: 'open', id: crypto.random(8), parts: [open] }))),
  );
  return opens.map((open) => claims(sure(openChannel(open, crypto)).id, payer));
};

type House = {
  readonly store: Store;
  readonly settler: Settler;
  readonly root: Signer;
  readonly payer: Signer;
};

const openHouse = async (folder: string): Promise<House> => {
  const root = crypto.signerOf(crypto.random(32));
  const payer = crypto.signerOf(crypto.random(32));
  const store = sure(await openSqliteStore(join(folder, 'settler.db')));
  const settler = sure(
    await createSettler({
      store,
      root: root.key,
      signer: { signer: root, certificate: null },
      crypto,
      nowMs: Date.now,
      log: (line) => console.error(line),
      currencies: ['EUR'],
      limits: { claimsPerS: 1_000_000, opensPerS: 1_000_000, sweepMs: 0 },
    }),
  );
  const deposit = { owner: payer.key, currency: 'EUR', nano: 2n ** 62n, reference: 'BENCH' };
  sure(await bookDeposit(store, deposit, Date.now(), crypto.sha256));
  return { root, payer, store, settler };
};

/** One claim on each channel, all at once. */
const claiming = (settler: Settler, channels: readonly Claims[]): Contestant<Uint8Array[]> => ({
  prepare: () => channels.map((claims) => claims.next().value),
  run: async (requests) => {
    await Promise.all(requests.map((request) => ask(settler, request)));
    return requests.length;
  },
});

/** What a settler without group commit could do at best. */
const committing = async (folder: string): Promise<{ contestant: Contestant; close: () => void }> => {
  const driver = must(await loadSqlite())(join(folder, 'bare.db'));
  driver.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE bare (n INTEGER) STRICT');
  const insert = driver.prepare('INSERT INTO bare VALUES (?)');
  const run = (): number => {
    for (let i = 0; i < 20; i++) insert.run(BigInt(i));
    return 20;
  };
  return { contestant: { prepare: () => undefined, run }, close: driver.close };
};

export const bench: Bench = {
  name: 'settler',
  summary: 'durable claims per second on SQLite, beside bare commits of one row',
  run: async (progress) => {
    const folder = mkdtempSync(join(tmpdir(), 'tb-bench-'));
    const house = await openHouse(folder);
    const bare = await committing(folder);
    try {
      const rates = await takeTurns(
        {
          ticks: claiming(house.settler, await openChannels(house, ticksOf)),
          vouchers: claiming(house.settler, await openChannels(house, vouchersOf)),
          commits: bare.contestant,
        },
        progress,
      );
      const baseline = { name: 'single-row commits per s', value: median(rates.commits) };
      return [
        { name: 'sqlite_claims_per_s', value: median(rates.vouchers), target: { min: 5000 }, baseline },
        { name: 'sqlite_tick_claims_per_s', value: median(rates.ticks), baseline },
        { name: 'sqlite_commits_per_s', value: baseline.value },
      ];
    } finally {
      await house.settler.close();
      await house.store.close();
      bare.close();
      rmSync(folder, { recursive: true });
    }
  },
};
