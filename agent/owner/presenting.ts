/**
 * Presenting: a settler that was restored from an old copy has forgotten bookings that it signed receipts for.
 * This agent shows it what it holds of its sales: the receipt, the buyer's open, and the best evidence
 * (channel.md rule 9). Each is idempotent, and none can take money from anybody who has not signed for it.
 *
 * A settler is under suspicion when it books less than before on a lease that runs, or does not know it; and,
 * after each connect, when it does not know the newest sale that ended.
 */

import { equalBytes, toHex } from '../../schemas/bytes.ts';
import { idOf } from '../../schemas/identity.ts';
import { openChannel } from '../../schemas/open.ts';
import { openReceipt, type Receipt } from '../../schemas/receipt.ts';
import type { Request } from '../../schemas/request.ts';
import type { Code, Result } from '../../schemas/result.ts';
import type { SaleLane } from '../lanes.ts';
import { type OwnerPorts, settlerTopicFor } from './ports.ts';
import type { Asking } from './questions.ts';

/** What one sale is shown with. */
type Held = {
  readonly channel: Uint8Array;
  readonly settler: Uint8Array;
  readonly open: Uint8Array;
  readonly receipt: Uint8Array;
  readonly voucher: Uint8Array;
  readonly tick: Uint8Array | null;
};

/** A settler that goes on forgetting is not shown everything again and again. */
const AGAIN_MS = 60_000;
/** As many as papers of a kind: longer ago than these, it may be shown again. */
const SHOWN_MAX = 1024;

export class Presenting {
  private readonly ports: OwnerPorts;
  /** When a channel was shown last, monotonic, by channel in hexadecimal. */
  private readonly shown = new Map<string, number>();

  constructor(ports: OwnerPorts) {
    this.ports = ports;
  }

  /** Asks each settler about the newest sale that ended: one that was restored does not know it. */
  onConnected(): void {
    const newest = new Map<string, Held>();
    for (const held of this.kept()) newest.set(toHex(held.settler), held);
    for (const held of newest.values()) {
      this.ask(held, 'query', { kind: 'query', parts: [held.channel] }, (answer) => {
        if (answer.kind === 'receipt' && this.isLess(held, answer.parts[0])) this.doubt(held.settler);
      });
    }
  }

  /** What the engine says of a sale. */
  onNotice(lane: SaleLane, code: string): void {
    if (code !== 'channel-unknown' && code !== 'journal-stale') return;
    const held = heldOf(lane);
    if (held === null) return;
    this.show(held);
    this.doubt(held.settler);
  }

  /** A sale that has ended is kept for the day its settler forgets it. */
  keep(lane: SaleLane): Result<unknown> | null {
    const held = heldOf(lane);
    if (held === null) return null;
    const objects = [held.open, held.receipt, held.voucher, held.tick];
    return this.ports.papers.put({ kind: 'sale', key: held.channel, objects });
  }

  /** Oldest first. */
  private *kept(): Generator<Held> {
    for (const { key, objects } of this.ports.papers.all('sale')) {
      const [open, receipt, voucher, tick] = objects as (Uint8Array | null)[];
      const channel = openChannel(open!, this.ports.crypto);
      if (!channel.ok) continue;
      const { settler } = channel.value.open;
      yield { channel: key, settler, open: open!, receipt: receipt!, voucher: voucher!, tick: tick ?? null };
    }
  }

  private doubt(settler: Uint8Array): void {
    for (const held of this.kept()) if (equalBytes(held.settler, settler)) this.show(held);
  }

  private show(held: Held): void {
    const name = toHex(held.channel);
    const nowMs = this.ports.monotonicMs();
    const lastMs = this.shown.get(name) ?? Number.NEGATIVE_INFINITY;
    if (nowMs - lastMs < AGAIN_MS || this.ports.questions.has(`present ${name}`)) return;
    this.shown.delete(name);
    this.shown.set(name, nowMs);
    if (this.shown.size > SHOWN_MAX) this.shown.delete(this.shown.keys().next().value!);
    this.ports.notice('journal-stale', `the settler has forgotten channel ${name}: it is shown the receipt`);
    const { channel, open, receipt, voucher, tick } = held;
    const claim = (): void =>
      this.ask(held, 'present', { kind: 'claim', parts: [channel, voucher, tick] }, () => {});
    const reopen = (): void => this.ask(held, 'present', { kind: 'open', parts: [open] }, claim);
    this.ask(held, 'present', { kind: 'present', parts: [channel, receipt] }, reopen);
  }

  /**
   * One question after the other on a channel, whatever is answered. A grant that is refused is asked for again
   * until the settler has what backs it.
   */
  private ask(held: Held, step: string, asking: Asking, then: (answer: Request) => void): void {
    const { ports } = this;
    const name = `${step} ${toHex(held.channel)}`;
    const goOn = (answer: Request): boolean => {
      ports.questions.forget(name);
      then(answer);
      return true;
    };
    ports.questions.ask(name, {
      topic: settlerTopicFor(ports, held.channel),
      from: idOf(held.settler, ports.crypto.sha256),
      asking,
      take: goOn,
      refused: (code, detail, answer) => this.onRefused(held, asking.kind, code, detail, () => goOn(answer)),
    });
  }

  private onRefused(
    held: Held,
    asked: Request['kind'],
    code: Code | undefined,
    detail: string,
    goOn: () => void,
  ): void {
    if (asked === 'query' && code === 'channel-unknown') this.doubt(held.settler);
    if (asked === 'open') this.ports.notice(code ?? 'object-malformed', `settler, on open again: ${detail}`);
    else goOn();
  }

  private isLess(held: Held, answer: Uint8Array): boolean {
    const { verify } = this.ports.crypto;
    const before = openReceipt(held.receipt, held.channel, held.settler, verify);
    const now = openReceipt(answer, held.channel, held.settler, verify);
    return before.ok && now.ok && isBehind(now.value, before.value);
  }
}

const isBehind = (now: Receipt, before: Receipt): boolean =>
  now.paidNano < before.paidNano || now.journalIndex < before.journalIndex;

/** null where the settler has signed nothing yet: then the engine's own requests are all there is. */
const heldOf = ({ state }: SaleLane): Held | null => {
  const { channel, openBytes, receiptBytes, journalledEvidence } = state;
  if (channel === null || openBytes === null || receiptBytes === null || journalledEvidence === null)
    return null;
  return {
    channel: channel.id,
    settler: channel.open.settler,
    open: openBytes,
    receipt: receiptBytes,
    voucher: journalledEvidence.voucher,
    tick: journalledEvidence.tick,
  };
};
