import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  departure,
  type LeaseView,
  renewal,
  SHARDS,
  share,
  type WorkerRow,
} from '../../broker/settler/cluster/leases.ts';
import { createLeaseTable, leasesInMemory } from '../../broker/settler/cluster/leases-memory.ts';
import { LEASE_MS, leasesConformance } from './leases-conformance.ts';

leasesConformance('in memory', async () => {
  let nowMs = 1000;
  const table = createLeaseTable(() => nowMs);
  return {
    open: async (name, instance) => leasesInMemory(table, { name, instance, leaseMs: LEASE_MS }),
    elapse: async (ms) => {
      nowMs += ms;
    },
    remove: async () => undefined,
  };
});

const NOW_MS = 5000;
const fairest = (workers: number): number => Math.ceil(SHARDS / workers);

/** An even spread of 32 bits (Knuth's multiplicative hash, twice): a small input makes a whole table. */
const spread = (seed: number, shard: number): number => {
  const mixed = Math.imul(seed ^ Math.imul(shard + 1, 0x9e3779b1), 0x85ebca6b);
  return (mixed ^ (mixed >>> 15)) >>> 0;
};

/** Some live workers, some dead, and shards that a few of them, a stranger or nobody holds. */
const views = fc
  .record({
    live: fc.integer({ min: 1, max: 40 }),
    dead: fc.integer({ min: 0, max: 5 }),
    holders: fc.integer({ min: 1, max: 50 }),
    seed: fc.integer(),
  })
  .map(({ live, dead, holders, seed }): LeaseView => {
    const workers = Array.from({ length: live + dead }, (_, i) => ({
      name: `w${i}`,
      instance: `i${i}`,
      expiresMs: i < live ? NOW_MS + 1 : NOW_MS,
    }));
    const names = [...workers.map(({ instance }) => instance), 'stranger', null, null].slice(0, holders);
    const leases = Array.from({ length: SHARDS }, (_, shard) => ({
      shard,
      holder: names[spread(seed, shard) % names.length]!,
      epoch: shard % 7,
    }));
    return { nowMs: NOW_MS, workers, leases };
  });

const liveOf = (view: LeaseView): readonly WorkerRow[] =>
  view.workers.filter(({ expiresMs }) => expiresMs > view.nowMs);
const holdersOf = (view: LeaseView): (string | null)[] => {
  const live = new Set(liveOf(view).map(({ instance }) => instance));
  return view.leases.map(({ holder }) => (holder !== null && live.has(holder) ? holder : null));
};

const written = (view: LeaseView, me: WorkerRow): LeaseView => {
  const renewed = renewal(view, { ...me, leaseMs: 1 });
  if (!renewed.ok) throw new Error(renewed.detail);
  const { changes } = renewed.value;
  const changed = new Map(changes.leases.map((lease) => [lease.shard, lease]));
  return {
    nowMs: view.nowMs,
    workers: view.workers.filter(({ name }) => !changes.gone.includes(name)),
    leases: view.leases.map((lease) => changed.get(lease.shard) ?? lease),
  };
};

/** Everybody renews in turn until nothing moves; how many rounds something moved in. */
const settled = (start: LeaseView): { readonly view: LeaseView; readonly rounds: number } => {
  let view = start;
  for (let rounds = 0; ; rounds++) {
    const before = holdersOf(view);
    for (const me of liveOf(start)) view = written(view, me);
    if (holdersOf(view).every((holder, shard) => holder === before[shard])) return { view, rounds };
  }
};

const decides = suite('share');

decides('takes only what no live worker holds, gives up only what it holds', () => {
  fc.assert(
    fc.property(views, fc.nat(), (view, pick) => {
      const live = liveOf(view);
      const me = live[pick % live.length]!.instance;
      const holders = holdersOf(view);
      const { giveUp, take, quota } = share(view.workers, view.leases, me, view.nowMs);
      assert.ok(take.every((shard) => holders[shard] === null));
      assert.ok(giveUp.every((shard) => holders[shard] === me));
      assert.ok(giveUp.length === 0 || take.length === 0, 'never both');
      assert.ok(quota <= fairest(live.length) && quota >= Math.floor(SHARDS / live.length));
    }),
  );
});

decides('comes to equal shares within four rounds, whatever there was, and then nothing moves', () => {
  fc.assert(
    fc.property(views, (start) => {
      const live = liveOf(start);
      const { view, rounds } = settled(start);
      const holders = holdersOf(view);
      const counts = live.map(({ instance }) => holders.filter((holder) => holder === instance).length);
      assert.is(
        counts.reduce((sum, count) => sum + count),
        SHARDS,
      );
      assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, `${counts}`);
      assert.ok(rounds <= 4, `${rounds} rounds`);
    }),
  );
});

decides('moves no more than the shares demand', () => {
  fc.assert(
    fc.property(views, (start) => {
      const live = liveOf(start);
      const before = holdersOf(start);
      const after = holdersOf(settled(start).view);
      const moved = before.filter((holder, shard) => holder !== null && holder !== after[shard]).length;
      const held = live.map(({ instance }) => before.filter((holder) => holder === instance).length);
      const floor = Math.floor(SHARDS / live.length);
      const larger = SHARDS % live.length;
      const least = held
        .toSorted((a, b) => b - a)
        .reduce((sum, count, rank) => sum + Math.max(0, count - floor - (rank < larger ? 1 : 0)), 0);
      assert.is(moved, least);
    }),
  );
});

decides('raises the epoch of what changes hands, and of nothing else', () => {
  fc.assert(
    fc.property(views, fc.nat(), (view, pick) => {
      const live = liveOf(view);
      const me = live[pick % live.length]!;
      const after = written(view, me);
      for (const [shard, lease] of after.leases.entries()) {
        const before = view.leases[shard]!;
        const isNew = lease.holder === me.instance && before.holder !== me.instance;
        assert.is(lease.epoch, before.epoch + (isNew ? 1 : 0));
      }
    }),
  );
});

decides('forgets the dead, and refuses more workers than shards', () => {
  const workers = Array.from({ length: SHARDS }, (_, i) => ({
    name: `w${i}`,
    instance: `i${i}`,
    expiresMs: NOW_MS,
  }));
  const me = { name: 'me', instance: 'me', leaseMs: 10 };
  const alone = renewal({ nowMs: NOW_MS, workers, leases: [] }, me);
  assert.ok(alone.ok && alone.value.changes.gone.length === SHARDS);
  const full = renewal({ nowMs: NOW_MS - 1, workers, leases: [] }, me);
  assert.ok(!full.ok && full.code === 'busy');
});

decides('gives back on departure what it holds, with the epoch it had', () => {
  const view: LeaseView = {
    nowMs: NOW_MS,
    workers: [{ name: 'a', instance: 'i', expiresMs: NOW_MS + 1 }],
    leases: [
      { shard: 3, holder: 'i', epoch: 4 },
      { shard: 5, holder: 'j', epoch: 9 },
    ],
  };
  assert.equal(departure(view, { name: 'a', instance: 'i', leaseMs: 10 }), {
    workers: [],
    gone: ['a'],
    leases: [{ shard: 3, holder: null, epoch: 4 }],
  });
});

decides.run();
