/** Leases of the workers of one process, and of the one worker that a database in a file has. */

import { ok } from '../../../schemas/result.ts';
import {
  departure,
  type LeaseChanges,
  type LeaseRow,
  type LeaseView,
  type Member,
  renewal,
  type ShardLeases,
  type WorkerRow,
} from './leases.ts';

export type LeaseTable = { readonly view: () => LeaseView; readonly write: (changes: LeaseChanges) => void };

export const createLeaseTable = (nowMs: () => number): LeaseTable => {
  const workers = new Map<string, WorkerRow>();
  const leases = new Map<number, LeaseRow>();
  return {
    view: () => ({ nowMs: nowMs(), workers: [...workers.values()], leases: [...leases.values()] }),
    write: (changes) => {
      for (const name of changes.gone) workers.delete(name);
      for (const worker of changes.workers) workers.set(worker.name, worker);
      for (const lease of changes.leases) leases.set(lease.shard, lease);
    },
  };
};

export const leasesInMemory = (table: LeaseTable, me: Member): ShardLeases => ({
  renew: async () => {
    const renewed = renewal(table.view(), me);
    if (!renewed.ok) return renewed;
    table.write(renewed.value.changes);
    return ok(renewed.value.holding);
  },
  release: async () => {
    table.write(departure(table.view(), me));
    return ok(null);
  },
});
