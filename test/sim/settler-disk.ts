/**
 * The settler's disk: the memory store, with crashes between any two writes, a full disk, a disk that lied, and
 * backups. What it can do to a commit is what SQLite (WAL, synchronous FULL) and PostgreSQL can do: it is there
 * whole or not at all; the last ones may be gone where the hardware confirmed what it had not written; an older
 * state may be put back. Half a commit is against the port, so it occurs only as a planted defect.
 */

import { openMemoryStore } from '../../broker/settler/store/memory.ts';
import type { Changes, Outcome, Reader, Store } from '../../broker/settler/store/store.ts';
import { type Result, refuse } from '../../schemas/result.ts';
import type { Defect } from './defects.ts';

/** A process of the settler, from a start to its end. */
export type Life = {
  readonly number: number;
  isAlive: boolean;
  /** It answered although it died before the commit: a planted defect. */
  hasSpoken: boolean;
};

type Work<T> = (reader: Reader) => Promise<Outcome<T>>;
type Committed = { readonly atMs: number; readonly changes: Changes };

const isNothing = (changes: object): boolean =>
  Object.values(changes).every((part) =>
    Array.isArray(part) ? part.length === 0 : isNothing(part as object),
  );

const dead = () => refuse('storage-failed', 'the process is dead');

export class SettlerDisk {
  /** The newest state, for whoever checks it. */
  store: Store = openMemoryStore();
  /** Commits from now until the process dies; null for never. */
  doom: { commits: number; readonly when: 'before' | 'after' } | null = null;
  /** Commits from now on that find the disk full. */
  full = 0;
  private readonly committed: Committed[] = [];
  private readonly onCommit: (changes: Changes) => void;
  private readonly onDeath: () => void;
  private readonly nowMs: () => number;
  private readonly defect: Defect | null;

  constructor(
    defect: Defect | null,
    nowMs: () => number,
    onCommit: (changes: Changes) => void,
    onDeath: () => void,
  ) {
    this.defect = defect;
    this.nowMs = nowMs;
    this.onCommit = onCommit;
    this.onDeath = onDeath;
  }

  get commits(): number {
    return this.committed.length;
  }

  /** Commits that are older than that. */
  commitsBefore(atMs: number): number {
    let count = this.committed.length;
    while (count > 0 && this.committed[count - 1]!.atMs > atMs) count--;
    return count;
  }

  /** Only the first `count` commits are there. */
  async keep(count: number): Promise<void> {
    this.committed.length = Math.min(count, this.committed.length);
    this.store = openMemoryStore();
    for (const { changes } of this.committed)
      await this.store.transact(async () => ({ changes, value: null }));
  }

  history(): readonly Changes[] {
    return this.committed.map((each) => each.changes);
  }

  /** The disk as one process has it: of no use once that is dead. */
  openFor(life: Life): Store {
    return {
      transact: (work) => this.transact(life, work),
      read: async (work) => (life.isAlive ? this.store.read(work) : dead()),
      check: async () => (life.isAlive ? this.store.check() : dead()),
      close: async () => {},
    };
  }

  private async transact<T>(life: Life, work: Work<T>): Promise<Result<T>> {
    if (!life.isAlive) return dead();
    let written: Changes = {};
    let isDoomed = false;
    let isFull = false;
    let isAcknowledged = false;
    const done = await this.store.transact(async (reader) => {
      const { changes, value } = await work(reader);
      if (isNothing(changes)) return { changes, value };
      written = this.defect?.commit?.(changes, life) ?? changes;
      isFull = this.full > 0;
      if (isFull) this.full--;
      else isDoomed = this.doom !== null && --this.doom.commits <= 0;
      if (isFull) written = {};
      else if (isDoomed && this.doom!.when === 'before') {
        const dying = this.defect?.dying?.(written);
        written = dying?.changes ?? {};
        isAcknowledged = dying?.isAcknowledged ?? false;
      }
      return { changes: written, value };
    });
    if (done.ok && !isNothing(written)) {
      this.committed.push({ atMs: this.nowMs(), changes: written });
      this.onCommit(written);
    }
    if (isFull) return refuse('storage-full', 'the disk is full');
    if (!isDoomed) return done;
    life.hasSpoken = isAcknowledged;
    this.onDeath();
    return isAcknowledged ? done : dead();
  }
}
