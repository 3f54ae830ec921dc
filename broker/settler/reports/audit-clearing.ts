/** What an audit asks of a clearing run: nobody's net position changes, and new debts are between owners who consented. */

import { toHex } from '../../../schemas/bytes.ts';
import type { JournalRow } from '../ledger/journal.ts';
import { type LedgerEvent, owedAccount } from '../ledger/ledger.ts';
import type { Replay } from '../ledger/replay.ts';

/** The owner is the creditor, the other the debtor. */
const consentFault = ({ owner, other, currency, nano }: LedgerEvent, row: JournalRow, before: Replay) => {
  for (const party of [owner, other]) {
    const consent = before.lookup('consent', [party, currency]);
    const isOver = consent !== undefined && consent.expiryS !== 0 && consent.expiryS * 1000 <= row.timeMs;
    if (consent === undefined || isOver) return `${toHex(party)} has not consented to new debts`;
    const owedNano = before.balanceNano(owedAccount(owner, other), currency) + nano;
    if (owedNano > BigInt(consent.counterpartyNano))
      return `${toHex(party)} consented to ${consent.counterpartyNano} nano with one owner, not ${owedNano}`;
  }
  return undefined;
};

/** Follows the rows of one run after the other. */
export class ClearingAudit {
  private run = '';
  /** What each owner would be owed more than before, by key in hexadecimal digits; those without a change left out. */
  private readonly nets = new Map<string, bigint>();

  /** What is wrong with the event, or with the run that ended before it. */
  add(event: LedgerEvent, row: JournalRow, before: Replay): string | undefined {
    if (event.kind !== 'cleared' && event.kind !== 'novated') {
      const fault = this.end();
      this.run = event.kind === 'clearing' ? event.subject : '';
      return fault;
    }
    if (this.run === '' || !event.subject.startsWith(`${this.run}/`)) return 'no clearing comes before it';
    const nano = event.kind === 'cleared' ? -event.nano : event.nano;
    this.move(toHex(event.owner), nano);
    this.move(toHex(event.other), -nano);
    return event.kind === 'novated' ? consentFault(event, row, before) : undefined;
  }

  /** What is wrong with the run as a whole. */
  end(): string | undefined {
    for (const [owner, nano] of this.nets)
      return `clearing ${this.run} changed what ${owner} is owed in all by ${nano} nano`;
    return undefined;
  }

  private move(owner: string, nano: bigint): void {
    const net = (this.nets.get(owner) ?? 0n) + nano;
    if (net === 0n) this.nets.delete(owner);
    else this.nets.set(owner, net);
  }
}
