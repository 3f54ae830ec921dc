/** A settler in memory that says what it has booked, and can lose its memory. */

import { type Enrolment, openEnrolment } from '../../../schemas/budget.ts';
import { equalBytes, toHex } from '../../../schemas/bytes.ts';
import { totalNanoOf, verifyEvidence } from '../../../schemas/evidence.ts';
import { signGrant } from '../../../schemas/grant.ts';
import { idOf } from '../../../schemas/identity.ts';
import { signNoted } from '../../../schemas/noted.ts';
import { type Open, openChannel } from '../../../schemas/open.ts';
import { signReceipt } from '../../../schemas/receipt.ts';
import type { Request } from '../../../schemas/request.ts';
import { CODES, type Code } from '../../../schemas/result.ts';
import type { SettlerSigner } from '../../../schemas/settler.ts';
import { signSpending } from '../../../schemas/spending.ts';
import { crypto, signerOf } from './bench.ts';

export type Booked = { readonly open: Open; paidNano: number; closed: boolean; bookedIndex: number };
type Answer = { [K in Request['kind']]: Omit<Extract<Request, { kind: K }>, 'id'> }[Request['kind']];

const SEED = 200;

const refusal = (code: Code, detail: string): Answer => ({ kind: 'refusal', parts: [CODES[code], detail] });

export class FakeSettler {
  readonly key: Uint8Array;
  readonly id: string;
  /** Every request, newest last. */
  readonly asked: { readonly from: string; readonly request: Request }[] = [];
  readonly enrolments = new Map<string, Enrolment>();
  readonly channels = new Map<string, Booked>();
  /** Nothing of these kinds is answered. */
  readonly deaf = new Set<Request['kind']>();
  /** The deposit behind new channels is gone. */
  poor = false;
  journalIndex = 0;
  nowMs: () => number;
  private readonly as: SettlerSigner;

  constructor(nowMs: () => number, signer = signerOf(SEED)) {
    this.key = signer.key;
    this.id = idOf(signer.key, crypto.sha256);
    this.as = { signer, certificate: null };
    this.nowMs = nowMs;
  }

  /** As after a restore from before anything was granted. */
  forget(): void {
    this.channels.clear();
    this.journalIndex = 0;
  }

  kindsAsked(): string[] {
    return this.asked.map(({ request }) => request.kind);
  }

  answer(from: string, request: Request): Request | null {
    if (this.deaf.has(request.kind)) return null;
    this.asked.push({ from, request });
    const answer = this.answerTo(request);
    return answer === null ? null : ({ ...answer, id: request.id } as Request);
  }

  private get nowS(): number {
    return Math.floor(this.nowMs() / 1000);
  }

  private answerTo(request: Request): Answer | null {
    switch (request.kind) {
      case 'enrol':
        return this.enrol(request.parts[0]);
      case 'open':
        return this.open(request.parts[0]);
      case 'claim':
        return this.claim(request.parts[0], request.parts[1], request.parts[2]);
      case 'line':
      case 'consent':
        return this.note(request.parts[0]);
      case 'dispute':
        return this.note(request.parts[1]);
      case 'query':
      case 'present':
        return this.receipt(request.parts[0]);
      default:
        return null;
    }
  }

  private note(signed: Uint8Array): Answer {
    const hash = crypto.sha256(signed);
    const noted = signNoted({ issuedS: this.nowS, hash, journalIndex: ++this.journalIndex }, this.as);
    return { kind: 'noted', parts: [noted] };
  }

  /** Reserved and claimed by a device. */
  private usedBy(device: Uint8Array): { spentNano: number; reservedNano: number } {
    const used = { spentNano: 0, reservedNano: 0 };
    for (const { open, paidNano, closed } of this.channels.values()) {
      if (!equalBytes(open.payer, device)) continue;
      used.spentNano += paidNano;
      used.reservedNano += closed ? 0 : open.limitNano - paidNano;
    }
    return used;
  }

  private enrol(bytes: Uint8Array): Answer {
    const enrolment = openEnrolment(bytes, crypto.verify);
    if (!enrolment.ok) return refusal(enrolment.code, enrolment.detail);
    const { device } = enrolment.value;
    const before = this.enrolments.get(toHex(device));
    const held = (before?.version ?? -1) > enrolment.value.version ? before! : enrolment.value;
    this.enrolments.set(toHex(device), held);
    const { owner, currency, version, totalNano } = held;
    const used = this.usedBy(device);
    const spending = signSpending(
      device,
      {
        ...{ issuedS: this.nowS, owner, currency, budgetVersion: version, totalNano, ...used },
        todayNano: used.spentNano + used.reservedNano,
        depositNano: 1_000_000_000_000,
        journalIndex: ++this.journalIndex,
      },
      this.as,
    );
    return { kind: 'spending', parts: [spending] };
  }

  private open(bytes: Uint8Array): Answer {
    const channel = openChannel(bytes, crypto);
    if (!channel.ok) return refusal(channel.code, channel.detail);
    const { id, open } = channel.value;
    if (this.poor) return refusal('deposit-insufficient', 'nothing is left');
    if (!this.channels.has(toHex(id)))
      this.channels.set(toHex(id), { open, paidNano: 0, closed: false, bookedIndex: ++this.journalIndex });
    const { limitNano, expiryS } = open;
    const grant = { issuedS: this.nowS, version: 1, limitNano, expiryS, backing: 'deposit' } as const;
    return { kind: 'grant', parts: [signGrant(id, grant, this.as)] };
  }

  private claim(id: Uint8Array, voucher: Uint8Array, tick: Uint8Array | null): Answer {
    const booked = this.channels.get(toHex(id));
    if (booked === undefined) return refusal('channel-unknown', 'no such channel here');
    const { payer, limitNano } = booked.open;
    const verified = verifyEvidence(null, { voucher, tick }, id, payer, limitNano, crypto);
    if (!verified.ok) return refusal(verified.code, verified.detail);
    if (totalNanoOf(verified.value) > booked.paidNano) {
      booked.paidNano = totalNanoOf(verified.value);
      booked.bookedIndex = ++this.journalIndex;
    }
    return this.receipt(id);
  }

  private receipt(id: Uint8Array): Answer {
    const booked = this.channels.get(toHex(id));
    if (booked === undefined) return refusal('channel-unknown', 'no such channel here');
    const { open, paidNano, closed, bookedIndex } = booked;
    const receipt = { issuedS: this.nowS, paidNano, limitNano: open.limitNano, final: closed };
    return { kind: 'receipt', parts: [signReceipt(id, { ...receipt, journalIndex: bookedIndex }, this.as)] };
  }
}
