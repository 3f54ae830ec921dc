/**
 * Compression: debts among owners who consented are replaced by fewer and smaller ones with the same net
 * positions. What owners who did not consent owe and are owed stays as it is, to the unit and to the name.
 *
 * One owner owes another at most what it owed it before, or, where that is more, what both consents allow a new
 * counterparty; what does not fit stays where it was. The fewest transfers of all is NP-hard (subset sum), so two
 * ways are tried in each group of owners connected by debts, and the better one is taken:
 *
 * - pairing all net debtors with the net creditors: at most one transfer less than owners, but all or nothing;
 * - passing on: what a owes b and b owes c becomes a debt of a to c, step by step, wherever that fits.
 */

import { byAmount, type Debt, type Debts, debtsOf, type Side } from './debts.ts';
import { least, most } from './extremes.ts';

/** What each consenting owner allows a new counterparty, by number. */
export type Limits = ReadonlyMap<number, bigint>;

type Room = (debtor: number, creditor: number) => bigint;

const roomOf =
  (before: Debts, limits: Limits): Room =>
  (debtor, creditor) => {
    const owed = before.get(debtor, creditor);
    const allowed = least(limits.get(debtor)!, limits.get(creditor)!);
    return most(owed, allowed);
  };

/** Debts by groups of owners that they connect, groups by their lowest owner. */
const groupsOf = (debts: readonly Debt[]): Debt[][] => {
  const above = new Map<number, number>();
  const lowest = (owner: number): number => {
    let top = owner;
    for (let next = above.get(top); next !== undefined; next = above.get(top)) top = next;
    for (let next = owner; next !== top; ) {
      const after = above.get(next)!;
      above.set(next, top);
      next = after;
    }
    return top;
  };
  for (const { debtor, creditor } of debts) {
    const [a, b] = [lowest(debtor), lowest(creditor)];
    if (a !== b) above.set(Math.max(a, b), Math.min(a, b));
  }
  const groups = new Map<number, Debt[]>();
  for (const debt of debts) {
    const top = lowest(debt.debtor);
    const group = groups.get(top);
    if (group === undefined) groups.set(top, [debt]);
    else group.push(debt);
  }
  return [...groups].sort(([a], [b]) => a - b).map(([, group]) => group);
};

/** What each owner owes in all, less what it is owed. */
const netOf = (debts: readonly Debt[]): Map<number, bigint> => {
  const net = new Map<number, bigint>();
  for (const { debtor, creditor, nano } of debts) {
    net.set(debtor, (net.get(debtor) ?? 0n) + nano);
    net.set(creditor, (net.get(creditor) ?? 0n) - nano);
  }
  return net;
};

/** Looking for room among tight limits may try this many pairs of owners: about a second. */
const PAIRS_MAX = 10_000_000;

/** Every net debtor owes net creditors directly; undefined where limits do not let it. */
const pairedUp = (debts: readonly Debt[], room: Room): Debt[] | undefined => {
  const net = [...netOf(debts)].map(([owner, nano]): Side => ({ owner, nano }));
  const debtors = net.filter(({ nano }) => nano > 0n).sort(byAmount);
  const creditors = net
    .filter(({ nano }) => nano < 0n)
    .map(({ owner, nano }) => ({ owner, nano: -nano }))
    .sort(byAmount);
  const due = new Map(creditors.map(({ owner, nano }) => [owner, nano]));
  const made: Debt[] = [];
  const pay = (debtor: number, creditor: number, nano: bigint): void => {
    made.push({ debtor, creditor, nano });
    due.set(creditor, due.get(creditor)! - nano);
  };
  // Two equal amounts are one transfer and leave nothing behind.
  const rests: Side[] = [];
  let equal = 0;
  for (const { owner, nano } of debtors) {
    while (equal < creditors.length && creditors[equal]!.nano > nano) equal++;
    const creditor = creditors[equal];
    if (creditor?.nano === nano && room(owner, creditor.owner) >= nano) {
      pay(owner, creditor.owner, nano);
      equal++;
    } else rests.push({ owner, nano });
  }
  let from = 0;
  let tries = 0;
  for (const { owner, nano } of rests) {
    let rest = nano;
    for (let i = from; i < creditors.length && rest > 0n; i++) {
      if (++tries > PAIRS_MAX) return undefined;
      const creditor = creditors[i]!.owner;
      const by = least(least(rest, due.get(creditor)!), room(owner, creditor));
      if (by > 0n) pay(owner, creditor, by);
      rest -= by;
      if (i === from && due.get(creditor) === 0n) from++;
    }
    if (rest > 0n) return undefined;
  }
  return made;
};

/** Lets `through` pass on as much as fits, whole debts only, so that no step leaves more transfers than before. */
const passOn = (debts: Debts, room: Room, through: number): void => {
  const outs = debts.owedBy(through).map((out) => ({ ...out }));
  if (outs.length === 0) return;
  for (const { owner: debtor, nano } of debts.owedTo(through)) {
    let rest = nano;
    for (const out of outs) {
      if (rest === 0n) break;
      const by = least(rest, out.nano);
      const fits = debts.get(debtor, out.owner) + by <= room(debtor, out.owner);
      if (by === 0n || debtor === out.owner || !fits) continue;
      debts.add(debtor, through, -by);
      debts.add(through, out.owner, -by);
      debts.add(debtor, out.owner, by);
      rest -= by;
      out.nano -= by;
    }
  }
};

const passedOn = (before: readonly Debt[], room: Room): readonly Debt[] => {
  const debts = debtsOf(before);
  const owners = new Set(before.map(({ creditor }) => creditor));
  for (const owner of [...owners].sort((a, b) => a - b)) passOn(debts, room, owner);
  return debts.all();
};

const sumOf = (debts: readonly Debt[]): bigint => debts.reduce((sum, { nano }) => sum + nano, 0n);

const compressGroup = (group: readonly Debt[], limits: Limits): readonly Debt[] => {
  const room = roomOf(debtsOf(group), limits);
  const passed = passedOn(group, room);
  const paired = pairedUp(group, room);
  if (paired === undefined || paired.length > passed.length) return passed;
  return paired.length < passed.length || sumOf(paired) < sumOf(passed) ? paired : passed;
};

/** The debts that stand for `debts` afterwards, by debtor, then creditor. */
export const compress = (debts: readonly Debt[], limits: Limits): readonly Debt[] => {
  const isInner = ({ debtor, creditor }: Debt): boolean => limits.has(debtor) && limits.has(creditor);
  const outer = debts.filter((debt) => !isInner(debt));
  const inner = groupsOf(debts.filter(isInner)).flatMap((group) => compressGroup(group, limits));
  return [...outer, ...inner].sort((a, b) => a.debtor - b.debtor || a.creditor - b.creditor);
};
