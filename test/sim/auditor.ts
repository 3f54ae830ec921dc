/**
 * The auditor: books of its own, kept from the bytes of every commit, and held against the evidence that really
 * left the payers and against the bank. What it finds stops the run.
 */

import type { Changes } from '../../broker/settler/store/store.ts';
import { toHex } from '../../schemas/bytes.ts';
import type { Sha256 } from '../../schemas/crypto.ts';
import type { Bank } from './bank.ts';
import { Broken, type Invariant } from './invariants.ts';
import { balancesOf, channelsOf, journalOf, type Movement, movementsOf } from './ledger-view.ts';

const NANO_PER_CENT = 10_000_000n;
/** Accounts that may be below zero. */
const OUTSIDE = /^(?:bank|line|loss|collection)\//;

type Channel = { readonly limitNano: bigint; paidNano: bigint; isClosed: boolean };

export type AuditorHost = {
  readonly sha256: Sha256;
  readonly bank: Bank;
  /** Most that anyone can prove with what the payer's key let go on that channel. */
  readonly releasedNano: (channelHex: string) => number;
};

export class Auditor {
  /** Single comparisons. */
  checks = 0;
  rows = 0;
  claims = 0;
  claimedNano = 0n;
  grants = 0;
  readonly channels = new Map<string, Channel>();
  private readonly host: AuditorHost;
  private hash: Uint8Array = new Uint8Array(32);
  private balances = new Map<string, bigint>();
  clearedNano = 0n;
  private readonly nets = new Map<string, bigint>();
  private checkedRows = -1;
  private bookedNano = 0n;
  private postedNano = 0n;

  constructor(host: AuditorHost) {
    this.host = host;
  }

  expect(holds: boolean, invariant: Invariant, detail: () => string): void {
    this.checks++;
    if (!holds) throw new Broken(invariant, detail());
  }

  balanceNano(account: string, currency: string): bigint {
    return this.balances.get(`${account} ${currency}`) ?? 0n;
  }

  /** The store was put back: the books start again, from what is left. */
  reset(history: readonly Changes[]): void {
    this.hash = new Uint8Array(32);
    this.rows = 0;
    this.balances = new Map();
    this.channels.clear();
    this.bookedNano = 0n;
    this.postedNano = 0n;
    for (const changes of history) this.onCommit(changes);
  }

  onCommit(changes: Changes): void {
    for (const row of journalOf(changes)) {
      const movements = movementsOf(row, this.rows, this.hash, this.host.sha256);
      if (typeof movements === 'string')
        throw new Broken('the journal is a chain of allowed events', movements);
      this.rows++;
      this.hash = row.hash;
      for (const movement of movements) this.move(movement, row.key);
      if (/^(?:cleared|novated)\//.test(row.key)) for (const movement of movements) this.net(movement);
      this.book(row.key, movements);
    }
    for (const [owner, nano] of this.nets) {
      this.expect(nano === 0n, 'clearing changes no net position', () => `${owner} has ${nano} nano more`);
    }
    this.nets.clear();
    for (const { account, currency, nano } of balancesOf(changes)) {
      const booked = this.balanceNano(account, currency);
      this.expect(
        booked === nano,
        'balances are the journal’s',
        () => `${account} is stored as ${nano} nano, booked ${booked}`,
      );
    }
    for (const row of channelsOf(changes)) {
      const hex = toHex(row.id);
      const known = this.channels.get(hex);
      const isSame =
        known !== undefined &&
        known.paidNano === BigInt(row.paidNano) &&
        known.limitNano === BigInt(row.limitNano) &&
        known.isClosed === row.closed;
      this.expect(
        isSame,
        'balances are the journal’s',
        () => `channel ${hex} is not stored as it was booked`,
      );
    }
  }

  private move({ debit, credit, currency, nano }: Movement, key: string): void {
    for (const [account, change] of [
      [debit, -nano],
      [credit, nano],
    ] as const) {
      const left = this.balanceNano(account, currency) + change;
      this.balances.set(`${account} ${currency}`, left);
      const isAllowed = left >= 0n || OUTSIDE.test(account);
      this.expect(
        isAllowed,
        'the journal is a chain of allowed events',
        () => `${key}: ${account} holds ${left} nano`,
      );
    }
  }

  /** What a clearing run moves between owners: nothing in all. */
  private net({ debit, credit, currency, nano }: Movement): void {
    for (const [account, change] of [
      [debit, -nano],
      [credit, nano],
    ] as const) {
      const [kind, creditor, debtor] = account.split('/');
      if (kind !== 'owed') continue;
      this.clearedNano += change < 0n ? -change : 0n;
      for (const [owner, sign] of [
        [creditor, 1n],
        [debtor, -1n],
      ] as const) {
        const name = `${owner} ${currency}`;
        this.nets.set(name, (this.nets.get(name) ?? 0n) + sign * change);
      }
    }
  }

  /** What an owner owes in euro, to the settler and to others. */
  debtNano(debtor: Uint8Array): bigint {
    const end = `/${toHex(debtor)} EUR`;
    let sum = 0n;
    for (const [key, nano] of this.balances) if (key.startsWith('owed/') && key.endsWith(end)) sum += nano;
    return sum;
  }

  private book(key: string, movements: readonly Movement[]): void {
    const [kind, subject = '', total] = key.split('/');
    const channel = `channel/${subject}`;
    const ofChannel = movements.find(({ debit, credit }) => debit === channel || credit === channel);
    const { nano } = ofChannel ?? movements[0] ?? { nano: 0n };
    if (kind === 'grant') {
      this.grants++;
      this.expect(
        !this.channels.has(subject),
        'the journal is a chain of allowed events',
        () => `${key} again`,
      );
      this.channels.set(subject, { limitNano: nano, paidNano: 0n, isClosed: false });
    } else if (kind === 'claim') this.bookClaim(subject, nano, BigInt(total ?? 0));
    else if (kind === 'release' || kind === 'expiry') this.bookRelease(subject, nano);
    else if (kind === 'deposit') this.bookDeposit(subject, nano);
    else if (kind?.startsWith('payout-')) this.bookPayout(kind, subject, nano);
  }

  private bookClaim(hex: string, nano: bigint, totalNano: bigint): void {
    const channel = this.channels.get(hex);
    this.claims++;
    this.claimedNano += nano;
    const rule = 'no channel pays beyond limit or evidence';
    this.expect(
      channel !== undefined && !channel.isClosed,
      rule,
      () => `a claim on ${hex}, which is not open`,
    );
    channel!.paidNano += nano;
    this.expect(
      channel!.paidNano === totalNano,
      rule,
      () => `${hex} has paid ${channel!.paidNano}, not ${totalNano} nano`,
    );
    this.expect(
      totalNano <= channel!.limitNano,
      rule,
      () => `${hex} has paid ${totalNano} nano of ${channel!.limitNano}`,
    );
    const releasedNano = this.host.releasedNano(hex);
    this.expect(
      totalNano <= BigInt(releasedNano),
      rule,
      () => `${hex} has paid ${totalNano} nano for evidence of ${releasedNano}`,
    );
  }

  private bookRelease(hex: string, nano: bigint): void {
    const channel = this.channels.get(hex);
    const rule = 'no channel pays beyond limit or evidence';
    this.expect(
      channel !== undefined && !channel.isClosed,
      rule,
      () => `a release of ${hex}, which is not open`,
    );
    const restNano = channel!.limitNano - channel!.paidNano;
    this.expect(nano === restNano, rule, () => `${hex} released ${nano} of ${restNano} nano`);
    channel!.isClosed = true;
  }

  private bookDeposit(reference: string, nano: bigint): void {
    const cents = this.host.bank.paidIn.get(reference)?.cents;
    this.bookedNano += nano;
    this.expect(cents !== undefined && cents * NANO_PER_CENT === nano, 'deposits are the bank’s', () => {
      return `deposit ${reference} of ${nano} nano, the bank has ${cents} cents`;
    });
  }

  private bookPayout(kind: string, id: string, nano: bigint): void {
    const transfer = this.host.bank.transfers.get(id);
    const rule = 'payouts are the bank’s';
    if (kind === 'payout-pending') {
      this.expect(nano % NANO_PER_CENT === 0n, rule, () => `payout ${id} of ${nano} nano is no whole cent`);
      return;
    }
    const isTold = transfer !== undefined && transfer.cents * NANO_PER_CENT === nano;
    this.expect(
      isTold,
      rule,
      () => `${kind} of ${id} over ${nano} nano, the bank had ${transfer?.cents} cents`,
    );
    const word = `payout-${transfer!.verdict}`;
    this.expect(word === kind, rule, () => `${kind} of ${id}, which the bank has ${transfer!.verdict}`);
    if (kind === 'payout-posted') this.postedNano += nano;
  }

  /** Nothing was booked since the last complete check. */
  get isUpToDate(): boolean {
    return this.rows === this.checkedRows;
  }

  /** Complete checks, once a simulated day. */
  checkDay(): void {
    this.checkedRows = this.rows;
    const sums = new Map<string, bigint>();
    for (const [key, nano] of this.balances) {
      const currency = key.slice(key.lastIndexOf(' ') + 1);
      sums.set(currency, (sums.get(currency) ?? 0n) + nano);
    }
    for (const [currency, sum] of sums) {
      this.expect(
        sum === 0n,
        'balances are the journal’s',
        () => `the accounts in ${currency} add up to ${sum} nano`,
      );
    }
    for (const [hex, { isClosed, limitNano, paidNano }] of this.channels) {
      const heldNano = this.balanceNano(`channel/${hex}`, 'EUR') + this.balanceNano(`channel/${hex}`, 'USD');
      const restNano = isClosed ? 0n : limitNano - paidNano;
      this.expect(
        heldNano === restNano,
        'every cent is somewhere',
        () => `channel ${hex} holds ${heldNano} of ${restNano} nano`,
      );
    }
    let outsideNano = 0n;
    for (const currency of ['EUR', 'USD']) outsideNano -= this.balanceNano(`bank/${currency}`, currency);
    const netNano = this.bookedNano - this.postedNano;
    this.expect(
      outsideNano === netNano,
      'every cent is somewhere',
      () => `holds ${outsideNano} nano, came in less out ${netNano}`,
    );
    this.expect(this.host.bank.sum() === 0n, 'every cent is somewhere', () => 'the bank has made money');
  }

  /** When the bank has told everything and nothing is under way: the settler's books are the bank's. */
  checkEnd(): void {
    this.checkDay();
    const { bank } = this.host;
    let paidInNano = 0n;
    for (const { cents } of bank.paidIn.values()) paidInNano += cents * NANO_PER_CENT;
    let executedNano = 0n;
    for (const { cents, verdict } of bank.transfers.values()) {
      if (verdict === 'posted') executedNano += cents * NANO_PER_CENT;
    }
    const rule = 'every cent is somewhere';
    this.expect(
      paidInNano === this.bookedNano,
      rule,
      () => `${paidInNano} nano paid in, ${this.bookedNano} booked`,
    );
    this.expect(
      executedNano === this.postedNano,
      rule,
      () => `${executedNano} nano paid out, ${this.postedNano} booked`,
    );
  }
}
