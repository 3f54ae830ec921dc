/**
 * Books of disputes: every word on one was signed by a party of its channel, and only evidence that its own party
 * signed resolves it. What that takes is written down here once more, from the papers alone.
 */

import { toHex } from '../../schemas/bytes.ts';
import { decodeCbor } from '../../schemas/cbor.ts';
import { openClose } from '../../schemas/close.ts';
import type { Crypto } from '../../schemas/crypto.ts';
import type { Dispute } from '../../schemas/dispute.ts';
import { totalNanoOf, verifyEvidence } from '../../schemas/evidence.ts';
import { openAgreed } from '../../schemas/statement.ts';
import { parseVoucher } from '../../schemas/voucher.ts';
import type { Expect } from './transfer-books.ts';

/** Who is who on a channel. */
export type Sides = {
  readonly payer: Uint8Array;
  readonly payee: Uint8Array;
  readonly lease: Uint8Array;
  readonly limitNano: number;
};

export type DisputeHost = {
  readonly crypto: Crypto;
  readonly expect: Expect;
  readonly sidesOf: (channelHex: string) => Sides | undefined;
  /** What the channel has paid, and whether it is closed. */
  readonly channelOf: (
    channelHex: string,
  ) => { readonly paidNano: bigint; readonly isClosed: boolean } | undefined;
};

const RULE = 'a dispute is resolved by evidence alone';

type Figures = Pick<Dispute, 'delivered' | 'totalNano' | 'head'>;
const isSame = (a: Figures, b: Figures): boolean =>
  a.delivered === b.delivered && a.totalNano === b.totalNano && toHex(a.head) === toHex(b.head);

export class DisputeBooks {
  /** Those that ended, by what ended them. */
  readonly ends: string[] = [];
  private readonly host: DisputeHost;
  /** Signed words, by channel, party and version. */
  private readonly signed = new Map<string, Dispute>();
  /** The newest that was noted of each party, by channel and party: null where nothing is disputed any more. */
  private readonly noted = new Map<string, { readonly word: Dispute; isOpen: boolean }>();

  constructor(host: DisputeHost) {
    this.host = host;
  }

  reset(): void {
    this.noted.clear();
  }

  /** A party has signed a word. */
  sign(channelHex: string, word: Dispute): void {
    this.signed.set(`${channelHex}/${toHex(word.party)}/${word.version}`, word);
  }

  isOpenBy(channelHex: string, party: Uint8Array): boolean {
    return this.noted.get(`${channelHex}/${toHex(party)}`)?.isOpen === true;
  }

  /** That word was noted, and disputes nothing any more. */
  isOver(channelHex: string, { party, version }: Dispute): boolean {
    const held = this.noted.get(`${channelHex}/${toHex(party)}`);
    return held !== undefined && held.word.version >= version && !held.isOpen;
  }

  isOpen(channelHex: string): boolean {
    const sides = this.host.sidesOf(channelHex);
    return (
      sides !== undefined && [sides.payer, sides.payee].some((party) => this.isOpenBy(channelHex, party))
    );
  }

  book(kind: string, subject: string, proof: Uint8Array): void {
    if (kind === 'dispute') this.note(subject);
    else if (kind === 'dispute-resolved') this.resolve(subject, proof);
  }

  /** A row of the settler's table says what its journal says. */
  checkRow(channel: Uint8Array, party: Uint8Array, open: boolean): void {
    const name = `${toHex(channel)}/${toHex(party)}`;
    const isOpen = this.noted.get(name)?.isOpen;
    this.host.expect(
      isOpen === open,
      RULE,
      () => `${name} is ${isOpen ? 'open' : 'over'}, and stored otherwise`,
    );
  }

  private note(subject: string): void {
    const word = this.signed.get(subject);
    this.host.expect(word !== undefined, RULE, () => `${subject} was signed by nobody`);
    const [channel, party] = subject.split('/');
    const before = this.noted.get(`${channel}/${party}`);
    this.host.expect(word!.version > (before?.word.version ?? 0), RULE, () => `${subject} is no newer word`);
    this.noted.set(`${channel}/${party}`, { word: word!, isOpen: word!.open });
    if (!word!.open) this.ends.push('withdrawn');
  }

  private resolve(subject: string, proof: Uint8Array): void {
    const [channel = '', party = '', version, by = ''] = subject.split('/');
    const held = this.noted.get(`${channel}/${party}`);
    const isOpen = held?.isOpen === true && held.word.version === Number(version);
    this.host.expect(isOpen, RULE, () => `${subject} is not in dispute`);
    const sides = this.host.sidesOf(channel)!;
    const isProven = this.proves(channel, sides, held!.word, by, proof);
    this.host.expect(isProven, RULE, () => `${subject} resolves what its evidence does not`);
    held!.isOpen = false;
    this.ends.push(by);
  }

  private proves(hex: string, sides: Sides, word: Dispute, by: string, proof: Uint8Array): boolean {
    const { crypto } = this.host;
    const id = Uint8Array.from(Buffer.from(hex, 'hex'));
    const isPayer = toHex(word.party) === toHex(sides.payer);
    const { paidNano, isClosed } = this.host.channelOf(hex)!;
    if (by === 'statement') return openAgreed(proof, sides.lease, sides.payer, sides.payee, crypto.verify).ok;
    if (by === 'close') {
      const close = openClose(proof, id, sides.payee, crypto.verify);
      return (
        !isPayer && isClosed && close.ok && BigInt(close.value) === paidNano && close.value < word.totalNano
      );
    }
    const otherKey = `${hex}/${toHex(isPayer ? sides.payee : sides.payer)}`;
    const other = this.noted.get(otherKey)?.word;
    if (by === 'agreement') return other !== undefined && isSame(word, other);
    return (
      by === 'voucher' &&
      this.vouches(id, sides, isPayer ? word : other, isPayer ? other : word, paidNano, proof)
    );
  }

  /** The payer signed the readings that its seller states, and paid them; or more, or other ones, than it disputes. */
  private vouches(
    id: Uint8Array,
    { payer, limitNano }: Sides,
    ofPayer: Dispute | undefined,
    ofPayee: Dispute | undefined,
    paidNano: bigint,
    proof: Uint8Array,
  ): boolean {
    const item = decodeCbor(proof);
    if (!item.ok) return false;
    const [voucher, tick] = item.value as readonly [Uint8Array, Uint8Array | null];
    const verified = verifyEvidence(null, { voucher, tick }, id, payer, limitNano, this.host.crypto);
    const parsed = parseVoucher(voucher);
    if (!verified.ok || !parsed.ok || BigInt(totalNanoOf(verified.value)) !== paidNano) return false;
    const { readings, head } = parsed.value;
    const bearsOut = (word: Dispute): boolean =>
      readings === word.delivered && toHex(head) === toHex(word.head) && paidNano >= BigInt(word.totalNano);
    const contradicts = (word: Dispute): boolean =>
      paidNano > BigInt(word.totalNano) ||
      readings > word.delivered ||
      (readings === word.delivered && toHex(head) !== toHex(word.head));
    return (ofPayee !== undefined && bearsOut(ofPayee)) || (ofPayer !== undefined && contradicts(ofPayer));
  }

  /** Nobody disputes anything any more. */
  checkEnd(): void {
    for (const [name, { isOpen }] of this.noted) {
      this.host.expect(!isOpen, RULE, () => `${name} was never resolved nor withdrawn`);
    }
  }
}
