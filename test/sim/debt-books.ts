/**
 * Books of debts: credit lines are in use for what is reserved or owed and nothing else, nobody is granted beyond one,
 * and a debt in dispute is neither cleared nor paid.
 */

import { toHex } from '../../schemas/bytes.ts';
import { decodeCbor } from '../../schemas/cbor.ts';
import type { Verify } from '../../schemas/crypto.ts';
import { openLine } from '../../schemas/line.ts';
import type { Movement } from './ledger-view.ts';
import type { Expect } from './transfer-books.ts';

export type DebtHost = {
  readonly expect: Expect;
  /** What the auditor has booked. */
  readonly balances: () => ReadonlyMap<string, bigint>;
  /** Is there a dispute open on the channel? */
  readonly isDisputed: (channelHex: string) => boolean;
  /** Did whoever trusts the debtor of `line/…` ever say that limit? */
  readonly hasSaid: (line: string, limitNano: number) => boolean;
  readonly verify: Verify;
};

export type Debt = { readonly creditor: string; readonly debtor: string; readonly nano: bigint };

/** A channel on credit, by the line that backs it. */
type Credited = { readonly line: string; restNano: bigint; paidNano: bigint };

/** Below nothing where nobody signed it. */
const signedLimit = (proof: Uint8Array, verify: Verify): number => {
  const line = openLine(proof, verify);
  return line.ok ? line.value.limitNano : -1;
};

/** `[version, limitNano, expiryS]` */
const operatorsLimit = (proof: Uint8Array): number => {
  const item = decodeCbor(proof);
  return item.ok ? (item.value as readonly number[])[1]! : -1;
};

const ADVANCED = 'line/settler EUR';

export class DebtBooks {
  private readonly host: DebtHost;
  private readonly channels = new Map<string, Credited>();
  /** Of each line, as the journal noted it last: a settler that was put back knows no later word. */
  private readonly limits = new Map<string, bigint>();
  /** Written off so far. */
  lostNano = 0n;
  /** What the operator ordered, by reference. */
  private readonly ordered = new Map<string, bigint>();

  constructor(host: DebtHost) {
    this.host = host;
  }

  reset(): void {
    this.channels.clear();
    this.limits.clear();
    this.lostNano = 0n;
  }

  /** The operator's word: a repayment, or a debt that it writes off. */
  order(reference: string, nano: bigint): void {
    this.ordered.set(reference, nano);
  }

  private balanceNano(account: string): bigint {
    return this.host.balances().get(`${account} EUR`) ?? 0n;
  }

  /** All that channels in dispute came to stays owed. */
  private withheldNano(owed: string): bigint {
    const line = owed.replace('owed/', 'line/');
    let sum = 0n;
    for (const [hex, channel] of this.channels) {
      if (channel.line === line && channel.paidNano > 0n && this.host.isDisputed(hex))
        sum += channel.paidNano;
    }
    return sum;
  }

  /** What one owes, the settler's share first. */
  debtsOf(debtor: Uint8Array): readonly Debt[] {
    const end = `/${toHex(debtor)} EUR`;
    const debts: Debt[] = [];
    for (const [key, nano] of this.host.balances()) {
      if (!key.startsWith('owed/') || !key.endsWith(end) || nano === 0n) continue;
      const [, creditor = '', name = ''] = key.slice(0, key.indexOf(' ')).split('/');
      debts.push({ creditor, debtor: name, nano });
    }
    return debts.sort((a, b) => (a.creditor > b.creditor ? -1 : 1));
  }

  /** What one owes in euro and may pay now. */
  payableNano(debtor: Uint8Array): bigint {
    let sum = 0n;
    for (const { creditor, debtor: name, nano } of this.debtsOf(debtor)) {
      const left = creditor === 'settler' ? nano : nano - this.withheldNano(`owed/${creditor}/${name}`);
      if (left > 0n) sum += left;
    }
    return sum;
  }

  /** After the movements of a row. */
  book(kind: string, subject: string, movements: readonly Movement[], proof: Uint8Array): void {
    const { expect } = this.host;
    if (kind === 'line' || kind === 'guarantee') this.noteLimit(kind, subject, proof);
    const [first] = movements;
    if (first === undefined) return;
    if (kind === 'grant') this.grant(subject, first);
    else if (kind === 'claim') this.claim(subject.slice(0, 64), first.nano);
    else if (kind === 'release' || kind === 'expiry') this.release(subject, first.nano);
    if (kind === 'cleared' || kind === 'repayment') this.checkUndisputed(kind, subject, movements);
    if (kind === 'default') this.lostNano += first.nano;
    if (kind === 'default' || kind === 'repayment') {
      const reference = subject.split('/')[0]!;
      const orderedNano = this.ordered.get(reference);
      const isOrdered = orderedNano !== undefined && first.nano <= orderedNano;
      expect(isOrdered, 'debts are paid and lost as ordered', () => `${kind} ${subject} of ${first.nano}`);
    }
    const loses = movements.some(({ debit, credit }) => `${debit} ${credit}`.includes('loss/'));
    expect(
      !loses || kind === 'default',
      'debts are paid and lost as ordered',
      () => `${kind} ${subject} loses`,
    );
  }

  private noteLimit(kind: 'line' | 'guarantee', subject: string, proof: Uint8Array): void {
    const [first, second] = subject.split('/');
    const line = kind === 'line' ? `line/${first}/${second}` : `line/settler/${first}`;
    const limitNano = kind === 'line' ? signedLimit(proof, this.host.verify) : operatorsLimit(proof);
    const isSaid = this.host.hasSaid(line, limitNano);
    const rule = 'a line is in use for what is reserved or owed';
    this.host.expect(isSaid, rule, () => `${line}: nobody said ${limitNano} nano`);
    this.limits.set(line, BigInt(limitNano));
  }

  private grant(hex: string, { debit, nano, currency }: Movement): void {
    if (!debit.startsWith('line/') || currency !== 'EUR') return;
    this.channels.set(hex, { line: debit, restNano: nano, paidNano: 0n });
    const usedNano = -this.balanceNano(debit);
    const limitNano = this.limits.get(debit);
    const isWithin = limitNano !== undefined && usedNano <= limitNano;
    const rule = 'a line is in use for what is reserved or owed';
    this.host.expect(
      isWithin,
      rule,
      () => `grant ${hex}: ${usedNano} of ${limitNano} nano of ${debit} in use`,
    );
  }

  private claim(hex: string, nano: bigint): void {
    const channel = this.channels.get(hex);
    if (channel === undefined) return;
    channel.paidNano += nano;
    channel.restNano -= nano;
  }

  private release(hex: string, nano: bigint): void {
    const channel = this.channels.get(hex);
    if (channel !== undefined) channel.restNano -= nano;
  }

  private checkUndisputed(kind: string, subject: string, movements: readonly Movement[]): void {
    for (const { debit } of movements) {
      if (!debit.startsWith('owed/') || debit.startsWith('owed/settler/')) continue;
      const [leftNano, withheldNano] = [this.balanceNano(debit), this.withheldNano(debit)];
      const rule = 'a debt in dispute stays where it is';
      const detail = () => `${kind} ${subject}: ${debit} has ${leftNano} left, disputed are ${withheldNano}`;
      this.host.expect(leftNano >= withheldNano, rule, detail);
    }
  }

  /** Once a day: each line is in use for what its channels reserve and what is owed; and the settler stands in for what is owed to it. */
  checkDay(): void {
    const reserved = new Map<string, bigint>();
    for (const { line, restNano } of this.channels.values()) {
      reserved.set(line, (reserved.get(line) ?? 0n) + restNano);
    }
    let advancedNano = 0n;
    for (const [key, nano] of this.host.balances()) {
      if (key.startsWith('owed/settler/') && key.endsWith(' EUR')) advancedNano += nano;
      if (!/^line\/.+\/.+ EUR$/.test(key)) continue;
      const line = key.slice(0, -' EUR'.length);
      const owedNano = this.balanceNano(line.replace('line/', 'owed/'));
      const usedNano = (reserved.get(line) ?? 0n) + owedNano;
      const rule = 'a line is in use for what is reserved or owed';
      this.host.expect(
        -nano === usedNano,
        rule,
        () => `${line}: ${-nano} nano, reserved and owed are ${usedNano}`,
      );
    }
    const standsInNano = -(this.host.balances().get(ADVANCED) ?? 0n);
    const owing = (): string =>
      `the settler stands in for ${standsInNano} nano, ${advancedNano} are owed to it`;
    this.host.expect(standsInNano === advancedNano, 'a line is in use for what is reserved or owed', owing);
  }
}
