/** What every implementation of shard leases does. One suite; each runs it on databases of its own. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Holding, SHARDS, type ShardLeases } from '../../broker/settler/cluster/leases.ts';
import type { Result } from '../../schemas/result.ts';

export const LEASE_MS = 10_000;

/** One database with leases of `LEASE_MS`, empty at first. */
export type LeasesUnderTest = {
  /** As a process with this name would; `instance` tells two of one name apart. */
  readonly open: (name: string, instance: string) => Promise<ShardLeases>;
  /** So much time passes by the database's clock (or all its times move back by as much). */
  readonly elapse: (ms: number) => Promise<void>;
  readonly remove: () => Promise<void>;
};

const taken = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(`${result.code}: ${result.detail}`);
  return result.value;
};
const shardsOf = ({ held }: Holding): number[] => held.map(({ shard }) => shard);
const renew = async (leases: ShardLeases): Promise<Holding> => taken(await leases.renew());

/** All renew, one after the other, until nothing moves; nobody ever holds what another holds. */
const settle = async (workers: readonly ShardLeases[]): Promise<Holding[]> => {
  const holdings: Holding[] = [];
  for (let round = 0; round < 3; round++)
    for (const [i, worker] of workers.entries()) holdings[i] = await renew(worker);
  const all = holdings.flatMap(shardsOf);
  assert.is(new Set(all).size, all.length, 'a shard is held once');
  assert.is(all.length, SHARDS, 'every shard is held');
  return holdings;
};

export const leasesConformance = (name: string, create: () => Promise<LeasesUnderTest>): void => {
  const conforms = suite<{ leases: LeasesUnderTest; open: (name: string) => Promise<ShardLeases> }>(
    `shard leases ${name}`,
  );
  conforms.before.each(async (context) => {
    context.leases = await create();
    context.open = (worker) => context.leases.open(worker, `${worker}-1`);
  });
  conforms.after.each(({ leases }) => leases.remove());

  conforms('gives all shards to the only worker, at once', async ({ open }) => {
    const { held, quota } = await renew(await open('a'));
    assert.is(quota, SHARDS);
    assert.equal(
      held,
      Array.from({ length: SHARDS }, (_, shard) => ({ shard, epoch: 1 })),
    );
  });

  conforms('gives a joiner what others give up, and moves nothing else', async ({ open }) => {
    const a = await open('a');
    const b = await open('b');
    const before = shardsOf(await renew(a));
    assert.equal(shardsOf(await renew(b)), [], 'what is held is not taken');
    const kept = shardsOf(await renew(a));
    assert.is(kept.length, SHARDS / 2);
    assert.ok(kept.every((shard) => before.includes(shard)));
    const joined = await renew(b);
    assert.is(joined.held.length, SHARDS / 2);
    assert.ok(
      joined.held.every(({ epoch }) => epoch === 2),
      'the epoch rises with the holder',
    );
    assert.equal(shardsOf(await renew(a)), kept);
  });

  conforms('shares by one at most among any number', async ({ open }) => {
    const workers: ShardLeases[] = [];
    for (const worker of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) {
      workers.push(await open(worker));
      const counts = (await settle(workers)).map(({ held }) => held.length);
      assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, `${counts}`);
    }
  });

  conforms('keeps a worker that renews, takes from one that has not for a lease time', async (context) => {
    const { leases, open } = context;
    const [a, b] = [await open('a'), await open('b')];
    await settle([a, b]);
    const held = shardsOf(await renew(a));
    await leases.elapse(LEASE_MS - 1);
    assert.equal(shardsOf(await renew(a)), held, 'b still lives');
    await leases.elapse(1);
    const all = await renew(a);
    assert.is(all.held.length, SHARDS, 'b is dead');
    assert.equal(shardsOf(await renew(b)), [], 'what it held is not its any more');
    await settle([a, b]);
  });

  conforms('frees everything on release, at once', async ({ open }) => {
    const [a, b] = [await open('a'), await open('b')];
    await settle([a, b]);
    taken(await a.release());
    assert.is((await renew(b)).held.length, SHARDS);
    taken(await a.release());
    assert.is((await renew(b)).held.length, SHARDS, 'a second release changes nothing');
  });

  conforms('refuses a second worker of the name while the first lives', async ({ leases }) => {
    const first = await leases.open('a', 'a-1');
    const second = await leases.open('a', 'a-2');
    const before = await renew(first);
    const refused = await second.renew();
    assert.ok(!refused.ok && refused.code === 'locked');
    taken(await second.release());
    assert.equal(await renew(first), before, 'it has not touched the first');
    await leases.elapse(LEASE_MS);
    assert.ok((await renew(second)).held.every(({ epoch }) => epoch === 2));
    const late = await first.renew();
    assert.ok(!late.ok && late.code === 'locked', 'the name has a new owner');
    taken(await first.release());
    assert.is((await renew(second)).held.length, SHARDS);
  });

  conforms('holds a shard once, however many renew at the same time', async ({ open }) => {
    const workers = await Promise.all(['a', 'b', 'c', 'd'].map(open));
    // A holding is as of its own renewal: what a worker has given up since, another may hold, in a later epoch.
    const holders = new Map<string, number>();
    for (let round = 0; round < 4; round++) {
      for (const [i, { held }] of (await Promise.all(workers.map(renew))).entries()) {
        for (const { shard, epoch } of held) {
          const place = `${shard} in epoch ${epoch}`;
          assert.is(holders.get(place) ?? i, i, `${place} is held twice`);
          holders.set(place, i);
        }
      }
    }
    await settle(workers);
  });

  conforms.run();
};
