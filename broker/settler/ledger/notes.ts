/** Events that move no money: what parties signed, projected onto the tables that remember it. */

import { openEnrolment } from '../../../schemas/budget.ts';
import { fromHex } from '../../../schemas/bytes.ts';
import { openConsent } from '../../../schemas/consent.ts';
import type { Crypto } from '../../../schemas/crypto.ts';
import { openDispute } from '../../../schemas/dispute.ts';
import { openLine } from '../../../schemas/line.ts';
import type { Result } from '../../../schemas/result.ts';
import type { Puts } from '../store/store.ts';
import type { Key, TableName, Tables } from '../store/tables.ts';
import type { JournalRow } from './journal.ts';
import type { EventKind, LedgerEvent } from './ledger.ts';

/** The row with that key, undefined where there is none. */
export type Lookup = <T extends TableName>(table: T, key: Key) => Tables[T] | undefined;

type Projection = (event: LedgerEvent, row: JournalRow, lookup: Lookup, crypto: Crypto) => Puts;

/** A proof that does not say what its event needs: the journal was not written by a settler. */
export const taken = <T>(result: Result<T>): T => {
  if (!result.ok) throw new RangeError(result.detail);
  return result.value;
};

/** Subjects of channels begin with the channel's id. */
export const channelIn = (subject: string): Uint8Array => fromHex(subject.slice(0, 64)) ?? new Uint8Array(0);

const enrolment: Projection = (event, row, _lookup, crypto) => {
  const { budget: _, settler: __, ...said } = taken(openEnrolment(event.proof, crypto.verify));
  return { budget: [{ ...said, bytes: event.proof, bookedIndex: row.index }] };
};

/** The operator's own line, for a debtor the settler guarantees, is no signed object: limit and expiry alone. */
const line: Projection = (event, row, _lookup, crypto) => {
  if (event.proof.length === 0) {
    const [version, expiryS] = event.subject.split('/').slice(-2).map(Number) as [number, number];
    const { owner: debtor, other: creditor, currency } = event;
    const limitNano = Number(event.totalNano);
    return {
      line: [
        {
          creditor,
          debtor,
          currency,
          version,
          limitNano,
          expiryS,
          bytes: event.proof,
          bookedIndex: row.index,
        },
      ],
    };
  }
  const { settler: _, ...said } = taken(openLine(event.proof, crypto.verify));
  return { line: [{ ...said, bytes: event.proof, bookedIndex: row.index }] };
};

const consent: Projection = (event, row, _lookup, crypto) => {
  const { settler: _, ...said } = taken(openConsent(event.proof, crypto.verify));
  return { consent: [{ ...said, bytes: event.proof, bookedIndex: row.index }] };
};

const dispute: Projection = (event, row, lookup, crypto) => {
  const channel = channelIn(event.subject);
  const { party, version, open } = taken(openDispute(event.proof, channel, crypto.verify));
  const before = lookup('dispute', [channel, party]);
  const sinceMs = before?.open === true ? before.sinceMs : row.timeMs;
  const resolution = open ? null : 'withdrawn';
  const bookedIndex = row.index;
  return {
    dispute: [{ channel, party, version, open, sinceMs, bytes: event.proof, resolution, bookedIndex }],
  };
};

/** Both signed what the lease came to: nothing is in dispute any more. */
const statement: Projection = (event, row, lookup) => {
  const id = channelIn(event.subject);
  const channel = lookup('channel', [id]);
  if (channel === undefined) throw new RangeError(`a statement of a channel without grant: ${event.subject}`);
  const disputes = [channel.payer, channel.payee].flatMap((party) => lookup('dispute', [id, party]) ?? []);
  const resolved = disputes
    .filter((row) => row.open)
    .map((row) => ({ ...row, open: false, resolution: 'statement' }));
  return {
    statement: [{ channel: id, presentedMs: row.timeMs, bytes: event.proof }],
    ...(resolved.length > 0 && { dispute: resolved }),
  };
};

export const NOTES: { readonly [K in EventKind]?: Projection } = {
  enrolment,
  line,
  consent,
  dispute,
  statement,
};
