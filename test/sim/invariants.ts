/** Invariants: what is checked, under the name that a failure is told and minimised by. */

export type Invariant =
  | 'promises of a lease'
  | 'journals are read again'
  | 'the journal is a chain of allowed events'
  | 'balances are the journal’s'
  | 'no channel pays beyond limit or evidence'
  | 'deposits are the bank’s'
  | 'each transfer is the bank’s, and comes back once'
  | 'held money backs nothing'
  | 'a line is in use for what is reserved or owed'
  | 'debts are paid and lost as ordered'
  | 'a debt in dispute stays where it is'
  | 'a dispute is resolved by evidence alone'
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
