/**
 * Disputes: where the sides of a lease cannot agree this agent says before the settler what it holds, and takes
 * it back when they do. The engine stops what has to stop; nothing here moves money.
 */

import { toHex } from '../../schemas/bytes.ts';
import { type Dispute, openDispute, signDispute } from '../../schemas/dispute.ts';
import { openChannel } from '../../schemas/open.ts';
import { headAt } from '../engine/backlog.ts';
import type { LeaseLane } from '../lanes.ts';
import { noteUntilNoted } from './noting.ts';
import type { Paper } from './papers.ts';
import { nextVersion, type OwnerPorts } from './ports.ts';
import type { DisputeStatus } from './status.ts';

/** A statement that crosses a late tick is refused once and agreed at the next: that is no dispute yet. */
const DIFFERS_MS = 10_000;

const HEAD_DIFFERS = 'the head of a voucher differs';
const STATEMENT_DIFFERS = 'the statement cannot be agreed';
const AGREED = 'the statement is agreed';

export class Disputes {
  private readonly ports: OwnerPorts;
  /** By channel, in hexadecimal. */
  private readonly disputes = new Map<string, Dispute>();
  /** Since when the statement of a lease has been refused. */
  private readonly differing = new Map<LeaseLane, number>();

  constructor(ports: OwnerPorts) {
    this.ports = ports;
    for (const paper of ports.papers.all('dispute')) {
      const dispute = openDispute(paper.objects[0]!, paper.key, ports.crypto.verify);
      if (dispute.ok) this.disputes.set(toHex(paper.key), dispute.value);
    }
  }

  /** Tells of those that are open, and of those whose end is not noted yet. */
  onConnected(): void {
    for (const paper of this.ports.papers.all('dispute')) {
      const [, noted, open] = paper.objects;
      const channel = open == null ? null : openChannel(open, this.ports.crypto);
      const isOver = this.disputes.get(toHex(paper.key))?.open === false && noted !== null;
      if (channel?.ok && !isOver) this.tell(paper, channel.value.open.settler);
    }
  }

  /** What the engine says of a lease. */
  onNotice(lane: LeaseLane, code: string): void {
    if (code === 'statement-differs' && !this.differing.has(lane))
      this.differing.set(lane, this.ports.monotonicMs());
  }

  /** Four times a second for each lease; `hasEnded`: it is the last time. */
  watch(lane: LeaseLane, nowMs: number, hasEnded: boolean): void {
    const { state } = lane;
    const isAgreed = state.agreedBytes !== null;
    if (isAgreed) this.withdraw(lane, nowMs);
    else if (lane.role === 'sale' && state.reason === 'dispute') this.open(lane, HEAD_DIFFERS, nowMs);
    else {
      const sinceMs = this.differing.get(lane) ?? Number.POSITIVE_INFINITY;
      const isOld = this.ports.monotonicMs() - sinceMs >= DIFFERS_MS;
      if (isOld || (hasEnded && this.differing.has(lane))) this.open(lane, STATEMENT_DIFFERS, nowMs);
    }
    if (isAgreed || hasEnded) this.differing.delete(lane);
  }

  status(): DisputeStatus[] {
    return this.ports.papers.all('dispute').flatMap(({ key, objects: [, noted] }) => {
      const dispute = this.disputes.get(toHex(key));
      if (dispute === undefined || (!dispute.open && noted !== null)) return [];
      const { open, delivered, totalNano, reason } = dispute;
      return { channel: toHex(key), open, delivered, totalNano, reason, noted: noted !== null };
    });
  }

  private open(lane: LeaseLane, reason: string, nowMs: number): void {
    const channel = lane.state.channel;
    if (channel === null || this.disputes.get(toHex(channel.id))?.open === true) return;
    this.file(lane, true, reason, nowMs);
    this.ports.notice('dispute', `${lane.role} of ${lane.name}: ${reason}: the settler is told`);
  }

  private withdraw(lane: LeaseLane, nowMs: number): void {
    const channel = lane.state.channel;
    if (this.disputes.size === 0 || channel === null) return;
    if (this.disputes.get(toHex(channel.id))?.open === true) this.file(lane, false, AGREED, nowMs);
  }

  private file(lane: LeaseLane, open: boolean, reason: string, nowMs: number): void {
    const { signer } = this.ports;
    const channel = lane.state.channel!;
    const name = toHex(channel.id);
    const version = nextVersion(this.disputes.get(name)?.version ?? 0, nowMs);
    const dispute: Dispute = { party: signer.key, version, open, reason, ...heldBy(lane) };
    const objects = [signDispute(channel.id, dispute, signer), null, lane.state.openBytes];
    const paper: Paper = { kind: 'dispute', key: channel.id, objects };
    const kept = this.ports.papers.put(paper);
    if (!kept.ok) {
      this.ports.notice(kept.code, kept.detail);
      return;
    }
    this.disputes.set(name, dispute);
    this.tell(paper, channel.open.settler);
  }

  private tell(paper: Paper, settler: Uint8Array): void {
    const { key } = paper;
    noteUntilNoted(this.ports, paper, settler, key, (signed) => ({ kind: 'dispute', parts: [key, signed] }));
  }
}

/** What this side can show: readings in one row, the best total, the head after them. */
const heldBy = (lane: LeaseLane): Pick<Dispute, 'delivered' | 'totalNano' | 'head'> => {
  if (lane.role === 'purchase') {
    const { highest, releasedNano, head } = lane.state;
    return { delivered: highest, totalNano: releasedNano, head };
  }
  const { sent, verifiedNano, backlog } = lane.state;
  return { delivered: sent, totalNano: verifiedNano, head: headAt(backlog, sent) ?? backlog.baseHead };
};
