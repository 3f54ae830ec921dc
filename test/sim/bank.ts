/**
 * The bank: accounts, statements of what came in, and what it says of the transfers in a file. It reads the
 * very file that the settler writes, refuses a message id it has seen, and executes the rest once.
 */

export type Line = {
  readonly reference: string;
  readonly from: string;
  readonly currency: string;
  readonly cents: bigint;
  /** What the payer wrote on it: whose deposit it is. */
  readonly purpose: string;
};

export type Verdict = 'posted' | 'voided';
export type Transfer = {
  /** The end-to-end id. */
  readonly id: string;
  readonly message: string;
  readonly to: string;
  readonly cents: bigint;
  verdict: Verdict;
  /** When the bank says so. */
  tellAtMs: number;
};

/** A transfer is executed at once; its word comes in the morning. */
const WORD_AFTER_MS = 8 * 3_600_000;

const textOf = (xml: string, name: string): string =>
  new RegExp(`<${name}(?: [^>]*)?>([^<]*)</${name}>`).exec(xml)?.[1] ?? '';

const centsOf = (amount: string): bigint => BigInt(amount.replace('.', ''));

export class Bank {
  /** By reference. */
  readonly paidIn = new Map<string, Line>();
  readonly transfers = new Map<string, Transfer>();
  /** Faults that wait for the next transfer. */
  rejects = 0;
  lateMs: number[] = [];
  /** Files refused since their message id was seen before. */
  refused = 0;
  private readonly balances = new Map<string, bigint>();
  private readonly messages = new Set<string>();
  private readonly own: string;
  private lines: Line[] = [];

  constructor(own: string) {
    this.own = own;
  }

  balance(iban: string): bigint {
    return this.balances.get(iban) ?? 0n;
  }

  private move(from: string, to: string, cents: bigint): void {
    this.balances.set(from, this.balance(from) - cents);
    this.balances.set(to, this.balance(to) + cents);
  }

  /** Money for the settler. */
  payIn(from: string, currency: string, cents: bigint, purpose: string): void {
    this.move(from, this.own, cents);
    const line = { reference: `IN-${this.paidIn.size + 1}`, from, currency, cents, purpose };
    this.paidIn.set(line.reference, line);
    this.lines.push(line);
  }

  /** What came in since the last statement. */
  statement(): readonly Line[] {
    return this.lines.splice(0);
  }

  /** A bank file. A message that is not new is not executed. */
  execute(file: string, nowMs: number): void {
    const message = textOf(file, 'MsgId');
    if (this.messages.has(message)) {
      this.refused++;
      return;
    }
    this.messages.add(message);
    for (const xml of file.split('<CdtTrfTxInf>').slice(1)) this.transfer(xml, message, nowMs);
  }

  private transfer(xml: string, message: string, nowMs: number): void {
    const id = textOf(xml, 'EndToEndId');
    const cents = centsOf(textOf(xml, 'InstdAmt'));
    const to = textOf(xml, 'IBAN');
    if (this.transfers.has(id)) throw new Error(`end-to-end id ${id} in two files`);
    const isRejected = this.rejects > 0;
    if (isRejected) this.rejects--;
    else this.move(this.own, to, cents);
    const lateMs = isRejected ? 0 : (this.lateMs.shift() ?? 0);
    const tellAtMs = nowMs + WORD_AFTER_MS + lateMs;
    this.transfers.set(id, { id, message, to, cents, verdict: isRejected ? 'voided' : 'posted', tellAtMs });
  }

  /** What the bank has said by now of each transfer. */
  words(nowMs: number): readonly Transfer[] {
    return [...this.transfers.values()].filter((transfer) => transfer.tellAtMs <= nowMs);
  }

  /** Zero, whatever was moved. */
  sum(): bigint {
    let sum = 0n;
    for (const cents of this.balances.values()) sum += cents;
    return sum;
  }
}
