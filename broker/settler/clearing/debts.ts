/** Who owes whom, while compression changes it: found from both sides, without amounts of nothing. */

export type Debts = {
  readonly get: (debtor: number, creditor: number) => bigint;
  readonly add: (debtor: number, creditor: number, nano: bigint) => void;
  /** Whom an owner owes; who owes an owner: the largest first, those alike by number. */
  readonly owedBy: (owner: number) => readonly Side[];
  readonly owedTo: (owner: number) => readonly Side[];
  readonly all: () => readonly Debt[];
};

export type Side = { readonly owner: number; readonly nano: bigint };
export type Debt = { readonly debtor: number; readonly creditor: number; readonly nano: bigint };

type Column = Map<number, Map<number, bigint>>;

const set = (column: Column, owner: number, other: number, nano: bigint): void => {
  let sides = column.get(owner);
  if (sides === undefined) {
    sides = new Map();
    column.set(owner, sides);
  }
  if (nano === 0n) sides.delete(other);
  else sides.set(other, nano);
};

/** The larger amount first, then the lower number. */
export const byAmount = (a: Side, b: Side): number =>
  a.nano > b.nano ? -1 : a.nano < b.nano ? 1 : a.owner - b.owner;

const sidesOf = (column: Column, owner: number): Side[] =>
  [...(column.get(owner) ?? [])].map(([other, nano]) => ({ owner: other, nano })).sort(byAmount);

export const debtsOf = (debts: readonly Debt[]): Debts => {
  const byDebtor: Column = new Map();
  const byCreditor: Column = new Map();
  const get = (debtor: number, creditor: number): bigint => byDebtor.get(debtor)?.get(creditor) ?? 0n;
  const add = (debtor: number, creditor: number, nano: bigint): void => {
    const sum = get(debtor, creditor) + nano;
    set(byDebtor, debtor, creditor, sum);
    set(byCreditor, creditor, debtor, sum);
  };
  for (const { debtor, creditor, nano } of debts) add(debtor, creditor, nano);
  return {
    get,
    add,
    owedBy: (owner) => sidesOf(byDebtor, owner),
    owedTo: (owner) => sidesOf(byCreditor, owner),
    all: () =>
      [...byDebtor].flatMap(([debtor, sides]) =>
        [...sides].map(([creditor, nano]) => ({ debtor, creditor, nano })),
      ),
  };
};
