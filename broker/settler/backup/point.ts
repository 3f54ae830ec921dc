/** A point in time of a backup, and what was so then of the tables that do not follow from the journal. */

import type { EventKind } from '../ledger/ledger.ts';
import type { Step } from '../ledger/replay.ts';
import type { MetaRow, PayoutRow, PayoutState, TableName, Tables } from '../store/tables.ts';

/** How much of a backup: all of it, up to a row with that index, or up to a moment. */
export type Point = { readonly row?: number; readonly timeMs?: number };

/** What a transfer came to, by the events about it. */
const STATES: { readonly [K in EventKind]?: PayoutState } = {
  'payout-pending': 'pending',
  'payout-posted': 'posted',
  'payout-voided': 'voided',
  'payout-returned': 'returned',
  'collection-pending': 'pending',
  'collection-posted': 'posted',
  'collection-voided': 'voided',
  'collection-final': 'final',
  'collection-returned': 'returned',
  'collection-owed': 'returned',
};

type Transfer = { readonly state: PayoutState; readonly changedMs: number };

/** Says of tables that are kept what was so at the point that is restored. */
export class Kept {
  /** Lengths that snapshots are of. */
  private readonly snapshots = new Set<number>();
  private readonly transfers = new Map<string, Transfer>();
  private readonly runs = new Set<string>();
  private lastMs = 0;

  note({ event, row }: Step): void {
    this.lastMs = row.timeMs;
    if (event.kind === 'snapshot') this.snapshots.add(Number(event.subject));
    const state = STATES[event.kind];
    if (state !== undefined) this.transfers.set(event.subject, { state, changedMs: row.timeMs });
  }

  newestSnapshot(): number {
    return Math.max(0, ...this.snapshots);
  }

  /** The row as it was, or undefined where it was not yet. Runs come after their payouts. */
  at<T extends TableName>(table: T, row: Tables[T]): Tables[T] | undefined {
    switch (table) {
      case 'payout':
        return this.payoutAt(row as PayoutRow) as Tables[T] | undefined;
      case 'run':
        // What was over since then may be open again.
        return this.runs.has((row as Tables['run']).id) ? { ...row, over: false } : undefined;
      case 'trace':
        return this.transfers.has((row as Tables['trace']).payout) ? row : undefined;
      case 'snapshot':
        return this.snapshots.has((row as Tables['snapshot']).index) ? row : undefined;
      case 'clearing':
        return (row as Tables['clearing']).createdMs <= this.lastMs ? row : undefined;
      case 'meta':
        return LEFT_OUT.has((row as MetaRow).name) ? undefined : row;
      default:
        return row;
    }
  }

  private payoutAt(row: PayoutRow): PayoutRow | undefined {
    const was = this.transfers.get(row.id);
    if (was === undefined) return undefined;
    this.runs.add(row.run);
    return was.state === row.state ? row : { ...row, ...was, reason: null };
  }
}

/**
 * Nobody took requests since the backup, so every grace begins anew; what time made final is looked at again; the
 * others are written by the restore.
 */
const LEFT_OUT: ReadonlySet<string> = new Set([
  'intake',
  'finality',
  'stale',
  'restoring',
  'snapshot',
  'schema-version',
]);
