/** What clearing did: in all, step by step, and for each owner. Amounts in nano. */

export type Account = {
  readonly owner: string;
  readonly owedBefore: bigint;
  readonly dueBefore: bigint;
  readonly owedAfter: bigint;
  readonly dueAfter: bigint;
};

export type Step = {
  /** Opposite debts of two owners; circles of any length; debts passed on with the owners' consent. */
  readonly step: 'netting' | 'circles' | 'compression';
  readonly clearedNano: bigint;
  /** What is still owed after it, and in how many transfers. */
  readonly leftNano: bigint;
  readonly transfers: number;
};

export type Report = {
  readonly obligations: number;
  readonly grossNano: bigint;
  readonly steps: readonly Step[];
  readonly clearedNano: bigint;
  readonly leftNano: bigint;
  readonly transfers: number;
  readonly transfersSaved: number;
  /** The sum of all net positions above 0: less than this cannot be left, whatever one does. */
  readonly netNano: bigint;
  /** By owner. */
  readonly accounts: readonly Account[];
};
