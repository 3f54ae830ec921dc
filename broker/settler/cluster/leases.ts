/**
 * Which worker serves which shard: leases in the database that all workers share.
 *
 * They divide work and decide nothing about money. The journal has one order whoever writes it, and every answer is
 * idempotent, so two workers that serve one shard for a moment cost an answer too many, never a cent.
 *
 * | row    | says                                                                                       |
 * |--------|--------------------------------------------------------------------------------------------|
 * | worker | its name, the instance (this process) that has the name, and until when it is taken to live |
 * | lease  | a shard, the instance that holds it or none, and an epoch that rises with each holder       |
 *
 * A lease is held while its holder lives; so a sign of life is one row, not 256. Times are the database's, read in the
 * transaction that writes: no worker's clock matters. An implementation reads all rows (256 and the workers'), asks
 * `renewal` or `departure`, and writes what they say, alone; `test/cluster/leases-conformance.ts` is its contract.
 */

import { ok, type Result, refuse } from '../../../schemas/result.ts';

/** The first byte of a channel's id (`schemas/topic.ts`). */
export const SHARDS = 256;
/** A worker without a shard has nothing to do. */
const WORKERS_MAX = SHARDS;

export type WorkerRow = { readonly name: string; readonly instance: string; readonly expiresMs: number };
/** No row yet: never held, epoch 0. */
export type LeaseRow = { readonly shard: number; readonly holder: string | null; readonly epoch: number };

export type LeaseView = {
  /** The database's clock. */
  readonly nowMs: number;
  readonly workers: readonly WorkerRow[];
  readonly leases: readonly LeaseRow[];
};

/** Rows that replace those of the same name or shard, and the names whose rows go. */
export type LeaseChanges = {
  readonly workers: readonly WorkerRow[];
  readonly gone: readonly string[];
  readonly leases: readonly LeaseRow[];
};

/** A process that wants a share: the name its operator gave it, and what tells it from another of that name. */
export type Member = { readonly name: string; readonly instance: string; readonly leaseMs: number };

export type Holding = {
  /** Rising. They are this worker's until a lease time after it asked. */
  readonly held: readonly { readonly shard: number; readonly epoch: number }[];
  /** Its fair share. With fewer than that, others are about to give some up: ask again soon. */
  readonly quota: number;
};

export type ShardLeases = {
  /**
   * A sign of life; gives up what is more than the fair share, takes what nobody holds up to it. To be called several
   * times in a lease time. Codes: locked (another process has the name), busy (too many workers), storage-*.
   */
  readonly renew: () => Promise<Result<Holding>>;
  /** Gives everything up and leaves; others take over at their next `renew`. Codes: storage-*. */
  readonly release: () => Promise<Result<null>>;
};

export type Share = {
  readonly giveUp: readonly number[];
  readonly take: readonly number[];
  readonly quota: number;
};

const liveAt = (workers: readonly WorkerRow[], nowMs: number): readonly WorkerRow[] =>
  workers.filter((worker) => worker.expiresMs > nowMs);

/**
 * What `me`, a live instance, gives up and takes. Shares differ by one at most; who holds most has the larger one, so
 * that as little as possible moves. Nobody takes what a live worker holds: it waits until that is given up.
 */
export const share = (
  workers: readonly WorkerRow[],
  leases: readonly LeaseRow[],
  me: string,
  nowMs: number,
): Share => {
  const live = liveAt(workers, nowMs);
  const held = new Map(live.map((worker) => [worker.instance, [] as number[]]));
  const free = new Set(Array.from({ length: SHARDS }, (_, shard) => shard));
  for (const { shard, holder } of leases) {
    const own = held.get(holder ?? '');
    own?.push(shard);
    if (own !== undefined) free.delete(shard);
  }
  const ranked = live.toSorted(
    (a, b) =>
      held.get(b.instance)!.length - held.get(a.instance)!.length || (a.instance < b.instance ? -1 : 1),
  );
  const larger = ranked.findIndex((worker) => worker.instance === me) < SHARDS % live.length;
  const quota = Math.floor(SHARDS / live.length) + (larger ? 1 : 0);
  const mine = held.get(me)!.toSorted((a, b) => a - b);
  return {
    giveUp: mine.slice(quota),
    take: [...free].slice(0, Math.max(0, quota - mine.length)),
    quota,
  };
};

const otherOf = ({ nowMs, workers }: LeaseView, me: Member): WorkerRow | undefined =>
  liveAt(workers, nowMs).find((worker) => worker.name === me.name && worker.instance !== me.instance);

/** What a `renew` writes and answers. Codes: locked, busy. */
export const renewal = (
  view: LeaseView,
  me: Member,
): Result<{ readonly changes: LeaseChanges; readonly holding: Holding }> => {
  const other = otherOf(view, me);
  if (other !== undefined)
    return refuse(
      'locked',
      `another worker is called "${me.name}": give this one another name, or end that one (if it has died, its ` +
        `name is free in ${other.expiresMs - view.nowMs} ms)`,
    );
  const self = { name: me.name, instance: me.instance, expiresMs: view.nowMs + me.leaseMs };
  const workers = [...liveAt(view.workers, view.nowMs).filter(({ name }) => name !== me.name), self];
  if (workers.length > WORKERS_MAX)
    return refuse('busy', `${WORKERS_MAX} workers hold a shard each: another would have nothing to do`);
  const { giveUp, take, quota } = share(workers, view.leases, me.instance, view.nowMs);
  const epochs = new Map(view.leases.map((lease) => [lease.shard, lease.epoch]));
  const given = giveUp.map((shard) => ({ shard, holder: null, epoch: epochs.get(shard)! }));
  const taken = take.map((shard) => ({ shard, holder: me.instance, epoch: (epochs.get(shard) ?? 0) + 1 }));
  const kept = view.leases.filter(({ shard, holder }) => holder === me.instance && !giveUp.includes(shard));
  const held = [...kept, ...taken]
    .map(({ shard, epoch }) => ({ shard, epoch }))
    .toSorted((a, b) => a.shard - b.shard);
  const gone = view.workers
    .filter(({ name }) => workers.every((worker) => worker.name !== name))
    .map(({ name }) => name);
  return ok({ changes: { workers: [self], gone, leases: [...given, ...taken] }, holding: { held, quota } });
};

/** What a `release` writes; nothing of another process that has the name by now. */
export const departure = (view: LeaseView, me: Member): LeaseChanges => ({
  workers: [],
  gone: view.workers
    .filter(({ name, instance }) => name === me.name && instance === me.instance)
    .map(({ name }) => name),
  leases: view.leases
    .filter(({ holder }) => holder === me.instance)
    .map(({ shard, epoch }) => ({ shard, holder: null, epoch })),
});
