/**
 * Durable claims per second: requests as bytes in, receipts signed after the commit as bytes out, from many
 * channels at once, on SQLite and on a PostgreSQL server of its own; beside them bare commits of one row each in the
 * same database.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nativeCrypto } from '../../agent/host/crypto-native.ts';
import { bookDeposit } from '../../broker/settler/bank/deposits.ts';
import { createSettler, type Settler } from '../../broker/settler/settler.ts';
import { openStore } from '../../broker/settler/store/open.ts';
import { connectPostgres } from '../../broker/settler/store/postgres-driver.ts';
import { loadSqlite } from '../../broker/settler/store/sqlite-driver.ts';
import type { Store } from '../../broker/settler/store/store.ts';
import type { Signer } from '../../schemas/crypto.ts';
import { idOf } from '../../schemas/identity.ts';
import { openChannel, signOpen } from '../../schemas/open.ts';
import { decodeRequest, encodeRequest } from '../../schemas/request.ts';
import { buildChain, CHAIN_TICKS_MAX, encodeTick, linkAt } from '../../schemas/tick.ts';
import { signVoucher } from '../../schemas/voucher.ts';
import { startPostgres } from '../settler/postgres.ts';
import { must } from '../world/deal.ts';
import type { Bench, Figure } from './bench.ts';
import { type Contestant, median, takeTurns } from './measure.ts';

const CHANNELS = 500;
const TICK_NANO = 1000;
/** Ticks between two claims of a channel: the work of the hash chain is in the figure. */
const STRIDE = 16;
const crypto = nativeCrypto();

const SENDER = idOf(crypto.random(32), crypto.sha256);

const ask = async (settler: Settler, bytes: Uint8Array): Promise<void> => {
  const reply = must(decodeRequest((await settler.handle(SENDER, bytes))!));
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
  return opens.map((open) => claims(must(openChannel(open, crypto)).id, payer));
};

type House = {
  readonly store: Store;
  readonly settler: Settler;
  readonly root: Signer;
  readonly payer: Signer;
};

const openHouse = async (place: string): Promise<House> => {
  const root = crypto.signerOf(crypto.random(32));
  const payer = crypto.signerOf(crypto.random(32));
  const store = must(await openStore(place));
  const settler = must(
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
  must(await bookDeposit(store, deposit, Date.now(), crypto.sha256));
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

const COMMITS = 20;

/** Commits of one row, one after the other: what a settler without group commit could do at best. */
type Bare = { readonly commit: (n: bigint) => unknown; readonly close: () => unknown };

const bareSqlite = async (path: string): Promise<Bare> => {
  const driver = must(await loadSqlite())(path);
  driver.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE bare (n INTEGER) STRICT');
  const insert = driver.prepare('INSERT INTO bare VALUES (?)');
  return { commit: (n) => insert.run(n), close: driver.close };
};

const barePostgres = async (url: string): Promise<Bare> => {
  const link = await connectPostgres(url);
  await link.ask('CREATE TABLE bare (n bigint)');
  return { commit: (n) => link.ask('INSERT INTO bare VALUES ($1)', [n]), close: link.close };
};

const committing = ({ commit }: Bare): Contestant => ({
  prepare: () => undefined,
  run: async () => {
    for (let n = 0; n < COMMITS; n++) await commit(BigInt(n));
    return COMMITS;
  },
});

type Target = { readonly name: string; readonly place: string; readonly min: number; readonly bare: Bare };

const measure = async (
  { name, place, min, bare }: Target,
  progress: (text: string) => void,
): Promise<readonly Figure[]> => {
  const house = await openHouse(place);
  try {
    const rates = await takeTurns(
      {
        [`${name} ticks`]: claiming(house.settler, await openChannels(house, ticksOf)),
        [`${name} vouchers`]: claiming(house.settler, await openChannels(house, vouchersOf)),
        [`${name} commits`]: committing(bare),
      },
      progress,
    );
    const baseline = { name: 'single-row commits per s', value: median(rates[`${name} commits`]!) };
    return [
      {
        name: `${name}_claims_per_s`,
        value: median(rates[`${name} vouchers`]!),
        target: { min },
        baseline,
      },
      { name: `${name}_tick_claims_per_s`, value: median(rates[`${name} ticks`]!), baseline },
      { name: `${name}_commits_per_s`, value: baseline.value },
    ];
  } finally {
    await house.settler.close();
    await house.store.close();
    await bare.close();
  }
};

const onSqlite = async (progress: (text: string) => void): Promise<readonly Figure[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'tb-bench-'));
  try {
    const bare = await bareSqlite(join(folder, 'bare.db'));
    return await measure({ name: 'sqlite', place: join(folder, 'settler.db'), min: 5000, bare }, progress);
  } finally {
    rmSync(folder, { recursive: true });
  }
};

const onPostgres = async (progress: (text: string) => void): Promise<readonly Figure[]> => {
  const server = await startPostgres();
  if (typeof server === 'string') {
    progress(`left out: ${server}`);
    return [];
  }
  try {
    const url = await server.create();
    return await measure(
      { name: 'postgres', place: url, min: 3000, bare: await barePostgres(url) },
      progress,
    );
  } finally {
    await server.stop();
  }
};

export const bench: Bench = {
  name: 'settler',
  summary: 'durable claims per second on SQLite and PostgreSQL, beside bare commits of one row',
  run: async (progress) => [...(await onSqlite(progress)), ...(await onPostgres(progress))],
};
