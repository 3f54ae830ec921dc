/**
 * The auditor: books of its own, kept from the bytes of every commit, and held against the evidence that really
 * left the payers and against the bank. What it finds stops the run.
 */

import type { Changes } from '../../broker/settler/store/store.ts';
import { toHex } from '../../schemas/bytes.ts';
import type { Crypto } from '../../schemas/crypto.ts';
import type { Bank } from './bank.ts';
import { DebtBooks } from './debt-books.ts';
import { DisputeBooks, type Sides } from './dispute-books.ts';
import { Broken, type Invariant } from './invariants.ts';
import { balancesOf, bookedOf, channelsOf, disputesOf, journalOf, type Movement } from './ledger-view.ts';
import { NANO_PER_CENT, TransferBooks } from './transfer-books.ts';

const CURRENCIES = ['EUR', 'USD'] as const;
/** Accounts that may be below zero. */
const OUTSIDE = /^(?:bank|line|loss|collection)\//;

type Channel = { readonly limitNano: bigint; paidNano: bigint; isClosed: boolean };

export type AuditorHost = {
  readonly crypto: Crypto;
  readonly bank: Bank;
  /** True time. */
  readonly nowMs: () => number;
  readonly sidesOf: (channelHex: string) => Sides | undefined;
  readonly hasSaid: (line: string, limitNano: number) => boolean;
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
  readonly transfers: TransferBooks;
  readonly disputes: DisputeBooks;
  readonly debts: DebtBooks;
  private readonly host: AuditorHost;
  private hash: Uint8Array = new Uint8Array(32);
  private balances = new Map<string, bigint>();
  clearedNano = 0n;
  private readonly nets = new Map<string, bigint>();
  private checkedRows = -1;
  /** Deposits, by currency. */
  private booked = new Map<string, bigint>();

  constructor(host: AuditorHost) {
    this.host = host;
    const expect = this.expect.bind(this);
    this.transfers = new TransferBooks(host.bank, expect);
    const { crypto, sidesOf, hasSaid } = host;
    this.disputes = new DisputeBooks({ crypto, expect, sidesOf, channelOf: (hex) => this.channels.get(hex) });
    const isDisputed = (hex: string): boolean => this.disputes.isOpen(hex);
    this.debts = new DebtBooks({
      expect,
      balances: () => this.balances,
      isDisputed,
      hasSaid,
      verify: crypto.verify,
    });
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
    this.booked = new Map();
    for (const books of [this.transfers, this.disputes, this.debts]) books.reset();
    for (const changes of history) this.onCommit(changes);
  }

  onCommit(changes: Changes): void {
    for (const row of journalOf(changes)) {
      const booked = bookedOf(row, this.rows, this.hash, this.host.crypto.sha256);
      if (typeof booked === 'string') throw new Broken('the journal is a chain of allowed events', booked);
      const { movements, proof } = booked;
      this.rows++;
      this.hash = row.hash;
      for (const movement of movements) this.move(movement, row.key);
      if (/^(?:cleared|novated)\//.test(row.key)) for (const movement of movements) this.net(movement);
      this.book(row.key, movements, proof);
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
    for (const { channel, party, open } of disputesOf(changes)) this.disputes.checkRow(channel, party, open);
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

  private move(movement: Movement, key: string): void {
    const { debit, credit, currency, nano } = movement;
    this.transfers.checkMove(movement, key.slice(0, key.indexOf('/')), key);
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

  private book(key: string, movements: readonly Movement[], proof: Uint8Array): void {
    const [kind = '', subject = '', total] = key.split('/');
    const whole = key.slice(kind.length + 1);
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
    else if (kind === 'deposit') this.bookDeposit(subject, movements);
    else if (/^(?:payout|collection)-/.test(kind)) {
      this.transfers.book(kind, subject, movements, this.host.nowMs());
    }
    this.debts.book(kind, whole, movements, proof);
    this.disputes.book(kind, whole, proof);
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

  private bookDeposit(subject: string, [movement]: readonly Movement[]): void {
    const { credit, currency, nano } = movement!;
    const line = this.host.bank.paidIn.get(subject);
    this.booked.set(currency, (this.booked.get(currency) ?? 0n) + nano);
    const isTold =
      line !== undefined &&
      line.cents * NANO_PER_CENT === nano &&
      line.currency === currency &&
      credit === `deposit/${line.owner}`;
    this.expect(isTold, 'deposits are the bank’s', () => {
      return `deposit ${subject} of ${nano} nano in ${credit}, the bank has ${line?.cents} cents`;
    });
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
    for (const currency of CURRENCIES) {
      const outsideNano = -this.balanceNano(`bank/${currency}`, currency);
      const netNano = (this.booked.get(currency) ?? 0n) + this.transfers.movedNano(currency);
      this.expect(
        outsideNano === netNano,
        'every cent is somewhere',
        () => `holds ${outsideNano} nano in ${currency}, came in less out ${netNano}`,
      );
      const made = this.host.bank.sum(currency);
      this.expect(made === 0n, 'every cent is somewhere', () => `the bank has made ${made} ${currency}`);
    }
    this.debts.checkDay();
  }

  /** When the bank has told everything: the settler's books are the bank's, in each currency and for each transfer. */
  checkEnd(): void {
    this.checkDay();
    this.transfers.checkEnd();
    this.disputes.checkEnd();
    for (const currency of CURRENCIES) {
      const bankNano = this.host.bank.ownBalance(currency) * NANO_PER_CENT;
      const bookedNano =
        -this.balanceNano(`bank/${currency}`, currency) + this.transfers.silentNano(currency);
      this.expect(
        bankNano === bookedNano,
        'every cent is somewhere',
        () => `the bank has ${bankNano} nano in ${currency}, the books ${bookedNano}`,
      );
    }
  }
}
