/**
 * One lease: what was sold, delivered, paid, claimed and disputed, each figure with the evidence that proves it.
 *
 * | figure    | from                                                                             | evidence        |
 * |-----------|----------------------------------------------------------------------------------|-----------------|
 * | sold      | nanos that both parties signed in the statement                                  | statement       |
 * | delivered | readings in the statement; without one, those the payer's newest voucher names   | statement, seq  |
 * | paid      | readings the statement's total pays for                                          | statement       |
 * | claimed   | nanos booked from the payer's vouchers and ticks                                 | seq, tick, rows |
 * | disputed  | while a dispute is open: the nanos by which the sides' totals part; without one, | dispute rows    |
 * |           | sold less claimed: above 0 not claimed yet, below 0 claimed beyond the sale      |                 |
 *
 * Of a period, `claimed` is what its claims booked, and proven by them.
 */

import { equalBytes, toHex } from '../../../schemas/bytes.ts';
import type { Crypto } from '../../../schemas/crypto.ts';
import { parseEvidence } from '../../../schemas/evidence.ts';
import type { Backing } from '../../../schemas/grant.ts';
import { didKey } from '../../../schemas/identity.ts';
import { openAgreed, type Statement } from '../../../schemas/statement.ts';
import { eventOfRow, type JournalRow } from '../ledger/journal.ts';
import type { LedgerEvent } from '../ledger/ledger.ts';
import { evidenceOfProof } from '../ledger/proofs.ts';
import { taken } from '../refused.ts';
import type { Reader } from '../store/store.ts';
import type { ChannelRow, StatementRow } from '../store/tables.ts';
import { type DisputeState, disputeOn } from './disputes.ts';

/** Half-open, in milliseconds of the journal's time. */
export type Period = { readonly fromMs: number; readonly toMs: number };

export type Lease = {
  readonly lease: string;
  readonly channel: string;
  readonly payer: string;
  readonly payee: string;
  readonly payerOwner: string;
  readonly payeeOwner: string;
  readonly currency: string;
  readonly closed: boolean;
  readonly backing: Backing;
  /** Whoever loses where the payer's owner does not pay: "nobody" with a deposit, "settler", or the payee's owner. */
  readonly bearsDefault: string;
  readonly limitNano: number;
  readonly soldNano: number | null;
  readonly delivered: number | null;
  readonly paid: number | null;
  readonly claimedNano: number;
  readonly disputedNano: number | null;
  readonly evidence: {
    /** Journal rows of the grant, and of the end of the channel. */
    readonly grantRow: number | null;
    readonly endRow: number | null;
    /** The last claim in the period: the voucher it rests on, and the tick above it. */
    readonly voucherSeq: number | null;
    readonly tickIndex: number;
    /** Journal rows of the claims in the period. */
    readonly claims: {
      readonly count: number;
      readonly firstRow: number | null;
      readonly lastRow: number | null;
    };
    readonly statementSha256: string | null;
    readonly statementRow: number | null;
    readonly deliveredBy: 'statement' | 'voucher' | null;
    /** Journal rows of both sides' newest words, where they part, and since when; null where nobody disputes. */
    readonly dispute: {
      readonly open: boolean;
      readonly sinceMs: number;
      readonly parts: readonly string[];
      readonly rows: readonly number[];
    } | null;
  };
};

type Booked = { readonly row: JournalRow; readonly event: LedgerEvent };

const bookedUnder = async (reader: Reader, prefix: string): Promise<readonly Booked[]> =>
  (await reader.rowsUnder(prefix, Number.MAX_SAFE_INTEGER)).map((row) => ({
    row,
    event: taken(eventOfRow(row)),
  }));

const claimsOf = async (reader: Reader, id: string, period: Period): Promise<readonly Booked[]> =>
  (await bookedUnder(reader, `claim/${id}/`)).filter(
    ({ row }) => row.timeMs >= period.fromMs && row.timeMs < period.toMs,
  );

/** The sum of what the claims booked, not of what they stated. */
const bookedNano = (claims: readonly Booked[]): number =>
  claims.reduce((sum, { event }) => sum + Number(event.nano), 0);

const stepOf = (last: Booked | undefined): { voucherSeq: number | null; tickIndex: number } => {
  if (last === undefined) return { voucherSeq: null, tickIndex: 0 };
  const { voucher, tick } = taken(parseEvidence(evidenceOfProof(last.event.proof)));
  return { voucherSeq: voucher.seq, tickIndex: tick?.index ?? 0 };
};

type Filed = { readonly statement: Statement; readonly sha256: string; readonly row: number | null };

/** Verified again: a report believes no database. */
const filedOf = async (
  reader: Reader,
  channel: ChannelRow,
  row: StatementRow | undefined,
  crypto: Crypto,
): Promise<Filed | null> => {
  if (row === undefined) return null;
  const opened = openAgreed(row.bytes, channel.lease, channel.payer, channel.payee, crypto.verify);
  if (!opened.ok) return null;
  const booked = await bookedUnder(reader, `statement/${toHex(channel.id)}/`);
  const filing = booked.find(({ event }) => equalBytes(event.proof, row.bytes));
  return {
    statement: opened.value,
    sha256: toHex(crypto.sha256(row.bytes)),
    row: filing?.row.index ?? null,
  };
};

const rowOf = (rows: readonly JournalRow[], ...keys: string[]): number | null =>
  rows.find(({ key }) => keys.includes(key))?.index ?? null;

const bearerOf = ({ backing, payeeOwner }: ChannelRow): string =>
  backing === 'deposit' ? 'nobody' : backing === 'guaranteed' ? 'settler' : didKey(payeeOwner);

/** By how much the sides' totals part; a side that said nothing stands by what is claimed. */
const partedNano = ({ says, proven }: DisputeState): number => {
  const totals = [says.payer, says.payee].map((side) => side?.totalNano ?? proven.totalNano);
  return Math.max(...totals) - Math.min(...totals);
};

const disputedNanoOf = (
  channel: ChannelRow,
  filed: Filed | null,
  dispute: DisputeState | undefined,
): number | null => {
  if (dispute?.open) return partedNano(dispute);
  return filed === null ? null : filed.statement.totalNano - channel.paidNano;
};

const evidenceOf = (
  channel: ChannelRow,
  claims: readonly Booked[],
  filed: Filed | null,
  dispute: DisputeState | undefined,
  rows: readonly JournalRow[],
): Lease['evidence'] => {
  const id = toHex(channel.id);
  const byVoucher = readingsOf(channel);
  return {
    grantRow: rowOf(rows, `grant/${id}`),
    endRow: rowOf(rows, `release/${id}`, `expiry/${id}`),
    ...stepOf(claims.at(-1)),
    claims: {
      count: claims.length,
      firstRow: claims[0]?.row.index ?? null,
      lastRow: claims.at(-1)?.row.index ?? null,
    },
    statementSha256: filed?.sha256 ?? null,
    statementRow: filed?.row ?? null,
    deliveredBy: filed !== null ? 'statement' : byVoucher === null ? null : 'voucher',
    dispute:
      dispute === undefined
        ? null
        : {
            open: dispute.open,
            sinceMs: dispute.sinceMs,
            parts: dispute.parts,
            rows: [dispute.says.payer, dispute.says.payee].flatMap((side) => side?.row ?? []),
          },
  };
};

const readingsOf = ({ voucher }: ChannelRow): number | null =>
  voucher === null ? null : taken(parseEvidence({ voucher, tick: null })).voucher.readings;

/** The figures of a lease's channel. */
export const leaseOf = async (
  reader: Reader,
  channel: ChannelRow,
  period: Period,
  crypto: Crypto,
): Promise<Lease> => {
  const id = toHex(channel.id);
  const ends = ['grant', 'release', 'expiry'].map((kind) => `${kind}/${id}`);
  const [claims, [row], rows, dispute] = await Promise.all([
    claimsOf(reader, id, period),
    reader.get('statement', [[channel.id]]),
    reader.rows(ends),
    disputeOn(reader, channel),
  ]);
  const filed = await filedOf(reader, channel, row, crypto);
  return {
    lease: toHex(channel.lease),
    channel: id,
    payer: didKey(channel.payer),
    payee: didKey(channel.payee),
    payerOwner: didKey(channel.payerOwner),
    payeeOwner: didKey(channel.payeeOwner),
    currency: channel.currency,
    closed: channel.closed,
    backing: channel.backing,
    bearsDefault: bearerOf(channel),
    limitNano: channel.limitNano,
    soldNano: filed?.statement.totalNano ?? null,
    delivered: filed?.statement.delivered ?? readingsOf(channel),
    paid: filed?.statement.paid ?? null,
    claimedNano: bookedNano(claims),
    disputedNano: disputedNanoOf(channel, filed, dispute),
    evidence: evidenceOf(channel, claims, filed, dispute, rows),
  };
};
