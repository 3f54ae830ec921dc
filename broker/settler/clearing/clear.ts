/** Clearing from end to end: obligations in, what is left of them and a report out. */

import { faultOf } from './certificate.ts';
import { maximumCirculation } from './circulation.ts';
import { compress, type Limits } from './compression.ts';
import type { Debt } from './debts.ts';
import { type Network, openIntake, oppositeEdges } from './network.ts';
import type { Consent, Obligation } from './obligation.ts';
import type { Account, Report, Step } from './report.ts';

export type Clearing = {
  /** By debtor, then creditor. What is not in it has disappeared. */
  readonly left: readonly Obligation[];
  readonly report: Report;
};

const sumOf = (debts: readonly Debt[]): bigint => debts.reduce((sum, { nano }) => sum + nano, 0n);

const total = (amounts: readonly bigint[]): bigint => amounts.reduce((sum, nano) => sum + nano, 0n);

/** What is left of each edge, where that is anything. */
const leftIn = ({ debtor, creditor, nano }: Network, cleared: readonly bigint[]): Debt[] => {
  const debts: Debt[] = [];
  nano.forEach((amount, edge) => {
    const left = amount - cleared[edge]!;
    if (left > 0n) debts.push({ debtor: debtor[edge]!, creditor: creditor[edge]!, nano: left });
  });
  return debts;
};

/** What netting of each pair alone leaves: how much, in how many transfers. */
const nettedOf = (network: Network): { nano: bigint; transfers: number } => {
  const { debtor, creditor, nano } = network;
  const opposite = oppositeEdges(network);
  let left = 0n;
  let transfers = 0;
  for (let edge = 0; edge < nano.length; edge++) {
    const other = opposite[edge]!;
    if (other >= 0 && debtor[edge]! > creditor[edge]!) continue;
    const net = other < 0 ? nano[edge]! : nano[edge]! - nano[other]!;
    if (net === 0n) continue;
    left += net < 0n ? -net : net;
    transfers++;
  }
  return { nano: left, transfers };
};

const accountsOf = ({ owners, debtor, creditor, nano }: Network, after: readonly Debt[]): Account[] => {
  const sums = owners.map((owner) => ({ owner, owedBefore: 0n, dueBefore: 0n, owedAfter: 0n, dueAfter: 0n }));
  for (let edge = 0; edge < nano.length; edge++) {
    sums[debtor[edge]!]!.owedBefore += nano[edge]!;
    sums[creditor[edge]!]!.dueBefore += nano[edge]!;
  }
  for (const debt of after) {
    sums[debt.debtor]!.owedAfter += debt.nano;
    sums[debt.creditor]!.dueAfter += debt.nano;
  }
  return sums;
};

const limitsOf = (owners: readonly string[], consents: readonly Consent[]): Limits => {
  const numbers = new Map(owners.map((owner, number) => [owner, number]));
  const limits = new Map<number, bigint>();
  for (const { owner, counterpartyNano } of consents) {
    if (counterpartyNano < 0n) throw new RangeError(`${owner} consents to ${counterpartyNano}`);
    const number = numbers.get(owner);
    if (number !== undefined) limits.set(number, counterpartyNano);
  }
  return limits;
};

/** Money is checked again right before it moves: nobody is richer or poorer than before. */
const checkPositions = (accounts: readonly Account[]): bigint => {
  let netNano = 0n;
  for (const { owner, owedBefore, dueBefore, owedAfter, dueAfter } of accounts) {
    const net = dueBefore - owedBefore;
    if (net !== dueAfter - owedAfter) throw new Error(`clearing changes the net position of ${owner}`);
    if (net > 0n) netNano += net;
  }
  return netNano;
};

/** Clears a network that `count` obligations were gathered into. */
export const clearNetwork = (
  network: Network,
  count: number,
  consents: readonly Consent[],
  progress: (text: string) => void,
): Clearing => {
  const { owners } = network;
  const grossNano = total(network.nano);
  const netted = nettedOf(network);
  const circulation = maximumCirculation(network, progress);
  progress('checking the proof that nothing more can be cleared');
  const fault = faultOf(network, circulation);
  if (fault !== null) throw new Error(`the circulation ${fault}`);
  const circled = leftIn(network, circulation.cleared);
  progress('compression');
  const limits = limitsOf(owners, consents);
  const after = limits.size === 0 ? circled : compress(circled, limits);

  const steps: Step[] = [];
  let leftNano = grossNano;
  const tell = (step: Step['step'], left: bigint, transfers: number): void => {
    steps.push({ step, clearedNano: leftNano - left, leftNano: left, transfers });
    leftNano = left;
  };
  tell('netting', netted.nano, netted.transfers);
  tell('circles', sumOf(circled), circled.length);
  if (consents.length > 0) tell('compression', sumOf(after), after.length);

  const accounts = accountsOf(network, after);
  return {
    left: after.map(({ debtor, creditor, nano }) => ({
      debtor: owners[debtor]!,
      creditor: owners[creditor]!,
      nano,
    })),
    report: {
      obligations: count,
      grossNano,
      steps,
      clearedNano: grossNano - leftNano,
      leftNano,
      transfers: after.length,
      transfersSaved: count - after.length,
      netNano: checkPositions(accounts),
      accounts,
    },
  };
};

/**
 * What is left of obligations after netting, circles and, among those who consent, compression: the same
 * whatever order they come in. Throws a RangeError where an owner owes itself or an amount is no ledger's.
 */
export const clear = (obligations: Iterable<Obligation>, consents: readonly Consent[]): Clearing => {
  const intake = openIntake();
  for (const { debtor, creditor, nano } of obligations) intake.add(debtor, creditor, nano);
  return clearNetwork(intake.network(), intake.count(), consents, () => {});
};
