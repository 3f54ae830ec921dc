/**
 * The bank: accounts in two currencies, and everything that may become of a payment. It reads the very files that the
 * settler writes, refuses a file it has seen, executes the rest once, and answers with files of its own.
 */

import { toHex } from '../../schemas/bytes.ts';
import { encodeCbor } from '../../schemas/cbor.ts';
import type { Sha256 } from '../../schemas/crypto.ts';
import { achReturns, dayOf, notification, statusReport, type Word } from './bank-files.ts';
import { DAY_MS, HOUR_MS } from './options.ts';
import { type Instruction, instructionsIn } from './orders.ts';
import type { Timeline } from './timeline.ts';

export type Currency = 'EUR' | 'USD';

/** Money that somebody paid in. */
export type Line = {
  readonly reference: string;
  readonly from: string;
  readonly currency: Currency;
  readonly cents: bigint;
  /** What the journal calls the deposit. */
  readonly subject: string;
  /** Whose deposit it is: its key in hexadecimal digits. */
  readonly owner: string;
};

/** What became of an instruction: `executedMs` in the future where it is ordered only. */
export type Payment = Instruction & {
  readonly message: string;
  readonly isRejected: boolean;
  executedMs: number;
  /** When it came back, or will. */
  returnedMs: number;
  /** When the bank tells of it coming back, or that it was turned away. */
  tellBackMs: number;
};

/** How a payment went wrong; armed by faults, each for the next payment of its kind. */
export type Armed = {
  /** Payments that are turned away. */
  rejects: number;
  /** The words on which come so much later. */
  readonly lateMs: number[];
  /** Transfers, and direct debits, that come back so long after they were executed. */
  readonly returnsMs: number[];
  readonly debitReturnsMs: number[];
};

/** A transfer is executed at once; its word comes in the morning. */
const WORD_AFTER_MS = 8 * HOUR_MS;
/** What a bank rejects in dollars comes back as a return the next day. */
const ACH_BACK_MS = DAY_MS;
const NEVER_MS = Number.POSITIVE_INFINITY;

/** A file for the settler's operator. */
export type BankFile = { readonly name: string; readonly bytes: Uint8Array };

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

export class Bank {
  /** By the name of the deposit in the journal. */
  readonly paidIn = new Map<string, Line>();
  /** By end-to-end id. */
  readonly payments = new Map<string, Payment>();
  /** Faults that wait for the next payment. */
  readonly armed: Armed = { rejects: 0, lateMs: [], returnsMs: [], debitReturnsMs: [] };
  /** Files refused since they were handed in before. */
  refused = 0;
  /** Files that were handed out, the newest last. */
  readonly files: BankFile[] = [];
  private readonly balances = new Map<string, bigint>();
  private readonly messages = new Set<string>();
  private readonly own: string;
  private readonly sha256: Sha256;
  private readonly time: Timeline;
  private lines: Line[] = [];
  private words: (Word & { readonly message: string })[] = [];

  constructor(own: string, sha256: Sha256, time: Timeline) {
    this.own = own;
    this.sha256 = sha256;
    this.time = time;
  }

  balance(account: string, currency: Currency): bigint {
    return this.balances.get(`${currency} ${account}`) ?? 0n;
  }

  /** Of the settler. */
  ownBalance(currency: Currency): bigint {
    return this.balance(this.own, currency);
  }

  private move(from: string, to: string, currency: Currency, cents: bigint): void {
    this.balances.set(`${currency} ${from}`, this.balance(from, currency) - cents);
    this.balances.set(`${currency} ${to}`, this.balance(to, currency) + cents);
  }

  /** Money for the settler: euro are on the next notification, dollars on a list that its operator books by hand. */
  payIn(from: string, currency: Currency, cents: bigint, owner: string, text: string): void {
    const { nowMs } = this.time;
    this.move(from, this.own, currency, cents);
    const reference = `IN-${this.paidIn.size + 1}`;
    const isByFile = currency === 'EUR';
    const named = encodeCbor([this.own, reference, dayOf(nowMs), String(cents), currency]);
    const subject = isByFile ? `bank-${toHex(this.sha256(named).subarray(0, 16))}` : reference;
    const line = { reference, from, currency, cents, subject, owner };
    this.paidIn.set(subject, line);
    if (!isByFile) this.lines.push(line);
    else this.say({ id: reference, trace: null, cents, what: 'received', text, reason: '', tellAtMs: nowMs });
  }

  private say(word: Word, message = ''): void {
    this.words.push({ ...word, message });
  }

  /** What came in by hand since the last list. */
  statement(): readonly Line[] {
    return this.lines.splice(0);
  }

  /** A bank file. One that is not new is not executed. */
  execute(file: string): void {
    const { message, instructions } = instructionsIn(file);
    if (this.messages.has(message)) {
      this.refused++;
      return;
    }
    this.messages.add(message);
    for (const instruction of instructions) this.take(instruction, message);
  }

  private take(instruction: Instruction, message: string): void {
    const { id, currency, isDebit, day } = instruction;
    const { nowMs } = this.time;
    if (this.payments.has(id)) throw new Error(`end-to-end id ${id} in two files`);
    const isTurnedAway = this.armed.rejects > 0;
    if (isTurnedAway) this.armed.rejects--;
    const isRejected = isTurnedAway && currency === 'EUR';
    // In dollars the bank says nothing that could be late.
    const lateMs = isTurnedAway || currency === 'USD' ? 0 : (this.armed.lateMs.shift() ?? 0);
    const back = isDebit ? this.armed.debitReturnsMs : this.armed.returnsMs;
    const afterMs = isTurnedAway ? (isRejected ? NEVER_MS : ACH_BACK_MS) : (back.shift() ?? NEVER_MS);
    const executedMs = isRejected ? NEVER_MS : isDebit ? Math.max(nowMs, Date.parse(day)) : nowMs;
    const returnedMs = executedMs + afterMs;
    const tellBackMs = (isRejected ? nowMs : returnedMs) + WORD_AFTER_MS;
    const payment = { ...instruction, message, isRejected, executedMs, returnedMs, tellBackMs };
    this.payments.set(id, payment);
    if (isRejected) this.tell(payment, 'rejected', tellBackMs, 'AC04');
    else this.time.at(executedMs, () => this.carryOut(payment, lateMs));
    if (returnedMs < NEVER_MS) this.time.at(returnedMs, () => this.takeBack(payment));
  }

  private carryOut(payment: Payment, lateMs: number): void {
    const { account, currency, cents, isDebit, executedMs } = payment;
    if (isDebit) this.move(account, this.own, currency, cents);
    else this.move(this.own, account, currency, cents);
    // ACH says nothing when all is well.
    if (currency === 'USD') return;
    this.tell(payment, isDebit ? 'collected' : 'paid', executedMs + WORD_AFTER_MS + lateMs, '');
  }

  private takeBack(payment: Payment): void {
    const { account, currency, cents, isDebit, tellBackMs } = payment;
    if (isDebit) this.move(this.own, account, currency, cents);
    else this.move(account, this.own, currency, cents);
    const reason = currency === 'USD' ? 'R03' : isDebit ? 'MD06' : 'AC04';
    this.tell(payment, isDebit ? 'taken back' : 'returned', tellBackMs, reason);
  }

  private tell({ id, trace, cents, message }: Payment, what: Word['what'], tellAtMs: number, reason: string) {
    this.say({ id, trace, cents, what, text: '', reason, tellAtMs }, message);
  }

  /** The files of what is to be told by now. */
  answer(): readonly BankFile[] {
    const { nowMs } = this.time;
    const due = this.words.filter(({ tellAtMs }) => tellAtMs <= nowMs);
    if (due.length === 0) return [];
    this.words = this.words.filter(({ tellAtMs }) => tellAtMs > nowMs);
    const first = this.files.length;
    const add = (write: (name: string) => string): void => {
      const name = `BANK-${this.files.length + 1}`;
      this.files.push({ name, bytes: bytesOf(write(name)) });
    };
    const rejected = due.filter(({ what }) => what === 'rejected');
    for (const message of new Set(rejected.map((word) => word.message))) {
      const ofMessage = rejected.filter((word) => word.message === message);
      add((name) => statusReport(name, nowMs, message, ofMessage));
    }
    const booked = due.filter(({ what, trace }) => what !== 'rejected' && trace === null);
    if (booked.length > 0) add((name) => notification(name, nowMs, this.own, booked));
    const ach = due.filter(({ trace }) => trace !== null);
    if (ach.length > 0) add(() => achReturns(ach));
    return this.files.slice(first);
  }

  /** Until then it has something to say. */
  get busyUntilMs(): number {
    const tells = [...this.payments.values()].map(({ tellBackMs }) => tellBackMs);
    return Math.max(0, ...tells.filter((ms) => ms < NEVER_MS));
  }

  /** When it last did something of that kind; 0 where it never did. */
  private lastMs(isOne: (payment: Payment) => boolean): number {
    const done = [...this.payments.values()].filter((payment) => !payment.isRejected && isOne(payment));
    return Math.max(0, ...done.map(({ executedMs }) => executedMs));
  }

  /** When it fetched money last. */
  get lastDebitMs(): number {
    return this.lastMs(({ isDebit }) => isDebit);
  }

  /** When it last paid something that only time says is paid. */
  get lastSilentMs(): number {
    return this.lastMs(({ currency }) => currency === 'USD');
  }

  /** Zero in each currency, whatever was moved. */
  sum(currency: Currency): bigint {
    let sum = 0n;
    for (const [key, cents] of this.balances) if (key.startsWith(currency)) sum += cents;
    return sum;
  }
}
