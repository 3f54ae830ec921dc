/** Invariants: what is checked, under the name that a failure is told and minimised by. */

export type Invariant =
  | 'promises of a lease'
  | 'journals are read again'
  | 'the journal is a chain of allowed events'
  | 'balances are the journal’s'
  | 'no channel pays beyond limit or evidence'
  | 'deposits are the bank’s'
  | 'payouts are the bank’s'
  | 'every cent is somewhere'
  | 'clearing changes no net position'
  | 'receipts are honoured'
  | 'the store verifies'
  | 'reconciliation agrees'
  | 'books are equal in the end'
  | 'nothing throws';

/** A broken invariant stops the run. */
export class Broken extends Error {
  readonly invariant: Invariant;

  constructor(invariant: Invariant, detail: string) {
    super(detail);
    this.invariant = invariant;
  }
}
