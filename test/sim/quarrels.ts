/**
 * Quarrels: parties that say before the settler what they hold, or more, less or something else, and take it back
 * unless evidence resolves it first. A seller in a quarrel files no statement meanwhile.
 */

import { headAt } from '../../agent/engine/backlog.ts';
import { toHex } from '../../schemas/bytes.ts';
import { type Dispute, signDispute } from '../../schemas/dispute.ts';
import { decodeRequest, encodeRequest } from '../../schemas/request.ts';
import type { Party as Side } from '../world/options.ts';
import type { Economy } from './economy.ts';
import type { Fault } from './schedule.ts';
import type { Trade } from './trade.ts';

/** The settler is asked again until it has noted a word. */
const AGAIN_MS = 10 * 60_000;
/** What somebody says that it holds and does not. */
const READINGS = 3;
const NANO = 7_000_000;

type Figures = Pick<Dispute, 'delivered' | 'totalNano' | 'head'>;

/** What a side can show, as an agent says it (agent/owner/disputes.ts). */
const heldBy = ({ purchase, sale }: Trade, side: Side): Figures | null => {
  if (side === 'buyer') {
    if (purchase === null) return null;
    return { delivered: purchase.highest, totalNano: purchase.releasedNano, head: purchase.head };
  }
  if (sale === null) return null;
  const { sent, verifiedNano, backlog } = sale;
  return { delivered: sent, totalNano: verifiedNano, head: headAt(backlog, sent) ?? backlog.baseHead };
};

/** What is said instead. */
export const SAYS = ['held', 'more', 'less', 'other'] as const;
const told = ({ delivered, totalNano, head }: Figures, says: (typeof SAYS)[number]): Figures => {
  if (says === 'more') return { delivered: delivered + READINGS, totalNano: totalNano + NANO, head };
  if (says === 'less')
    return {
      delivered: delivered - Math.min(delivered, READINGS),
      totalNano: Math.max(0, totalNano - NANO),
      head,
    };
  if (says === 'other') return { delivered, totalNano, head: head.map((byte) => byte ^ 0xff) };
  return { delivered, totalNano, head };
};

type Said = {
  readonly trade: Trade;
  readonly side: Side;
  readonly channel: Uint8Array;
  readonly word: Dispute;
  readonly bytes: Uint8Array;
};
const SIDES = ['seller', 'buyer'] as const;
const OTHERS = ['buyer', 'seller'] as const;

type Quarrel = Fault & { readonly kind: 'dispute' };

const NOTHING: Figures = { delivered: 0, totalNano: 0, head: new Uint8Array(32) };

export class Quarrels {
  private readonly economy: Economy;
  /** The newest of each party on a channel. */
  private readonly words = new Map<string, Said>();

  constructor(economy: Economy) {
    this.economy = economy;
  }

  /** On a lease of the device's that has a channel, one that runs before others; nothing where it has none. */
  begin({ device: number, says, bothSay, forMs }: Quarrel): void {
    const device = this.economy.devices.get(number)!;
    const trade = this.economy.prey().find(({ devices, robbedBy }) => {
      return robbedBy === null && (devices.seller === device || devices.buyer === device);
    });
    if (trade === undefined) return;
    const channel = trade.purchase!.channel!.id;
    const [side, other] = trade.devices.seller === device ? SIDES : OTHERS;
    this.say(trade, side, channel, true, says);
    trade.isQuarrelling = true;
    const { time } = this.economy;
    if (bothSay) time.after(forMs / 2, () => this.say(trade, other, channel, true, 'held'));
    time.after(forMs, () => this.end(trade));
  }

  /** Each takes back what it still disputes. */
  private end(trade: Trade): void {
    trade.isQuarrelling = false;
    for (const said of [...this.words.values()]) {
      if (said.trade !== trade || !said.word.open) continue;
      const isOver = this.economy.auditor.disputes.isOver(toHex(said.channel), said.word);
      if (!isOver) this.say(trade, said.side, said.channel, false, 'held');
    }
  }

  private say(
    trade: Trade,
    side: Side,
    channel: Uint8Array,
    open: boolean,
    says: (typeof SAYS)[number],
  ): void {
    const { signer } = trade.devices[side].ports;
    const name = `${toHex(channel)}/${toHex(signer.key)}`;
    const version = (this.words.get(name)?.word.version ?? 0) + 1;
    const reason = open ? `it holds ${says}` : 'over';
    const word = { party: signer.key, version, open, reason, ...told(heldBy(trade, side) ?? NOTHING, says) };
    this.economy.auditor.disputes.sign(toHex(channel), word);
    const said = { trade, side, channel, word, bytes: signDispute(channel, word, signer) };
    this.words.set(name, said);
    this.economy.time.after(0, () => this.tell(said));
  }

  /** Until it is noted, or there is a newer word. */
  private async tell(said: Said): Promise<void> {
    const { trade, side, channel, word, bytes } = said;
    const { office, robbing, time } = this.economy;
    if (this.words.get(`${toHex(channel)}/${toHex(word.party)}`) !== said) return;
    const request = { kind: 'dispute', id: robbing.bytes(8), parts: [channel, bytes] } as const;
    const answer = await office.ask(trade.devices[side].id, encodeRequest(request));
    const reply = answer === undefined ? undefined : decodeRequest(answer);
    if (reply?.ok === true && reply.value.kind === 'noted') return;
    time.after(AGAIN_MS, () => this.tell(said));
  }

  /** After a restore: the newest word of everybody. */
  async tellAll(): Promise<void> {
    for (const said of this.words.values()) await this.tell(said);
  }

  /** No fault happens any more. */
  calm(): void {
    for (const { trade } of [...this.words.values()]) this.end(trade);
  }
}
