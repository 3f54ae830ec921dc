/**
 * Reconciliation: per lease what was sold, delivered, paid, claimed and disputed, each with its evidence.
 *
 * | figure    | from                                                                        |
 * |-----------|-----------------------------------------------------------------------------|
 * | sold      | nanos that both parties signed in the statement                             |
 * | delivered | readings in the statement                                                   |
 * | paid      | readings the statement's total pays for                                     |
 * | claimed   | nanos booked from the payer's vouchers and ticks                            |
 * | disputed  | sold less claimed: above 0 not claimed yet, below 0 claimed beyond the sale |
 *
 * A lease without a statement has only `claimed`. Of a period, `claimed` is what its claims booked.
 */

import { toHex } from '../../../schemas/bytes.ts';
import type { Crypto } from '../../../schemas/crypto.ts';
import { didKey } from '../../../schemas/identity.ts';
import type { Result } from '../../../schemas/result.ts';
import { openAgreed, type Statement } from '../../../schemas/statement.ts';
import { parseVoucher } from '../../../schemas/voucher.ts';
import { formatAmount } from '../ledger/amount.ts';
import { eventOfRow, type JournalRow } from '../ledger/journal.ts';
import { allRows, type Reader, type Store } from '../store/store.ts';
import type { ChannelRow, StatementRow } from '../store/tables.ts';

/** Half-open, in milliseconds of the journal's time. */
export type Period = { readonly fromMs: number; readonly toMs: number };
export const ALL_TIME: Period = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER };

export type Line = {
  readonly lease: string;
  readonly channel: string;
  readonly payer: string;
  readonly payee: string;
  readonly currency: string;
  readonly closed: boolean;
  readonly soldNano: number | null;
  readonly delivered: number | null;
  readonly paid: number | null;
  readonly claimedNano: number;
  readonly disputedNano: number | null;
  readonly evidence: {
    readonly voucherSeq: number | null;
    readonly tickIndex: number;
    /** Journal rows of the claims in the period: the first, the last, how many. */
    readonly claims: {
      readonly count: number;
      readonly firstRow: number | null;
      readonly lastRow: number | null;
    };
    readonly statementSha256: string | null;
  };
};

export type Report = {
  readonly leases: readonly Line[];
  /** Per currency; nanos of many channels pass 2^53, so they are decimal text here. */
  readonly totals: readonly {
    readonly currency: string;
    readonly soldNano: string;
    readonly claimedNano: string;
    readonly disputedNano: string;
  }[];
};

const claimsOf = async (reader: Reader, channel: ChannelRow, period: Period): Promise<JournalRow[]> => {
  const rows = await reader.rowsUnder(`claim/${toHex(channel.id)}/`, Number.MAX_SAFE_INTEGER);
  return rows.filter((row) => row.timeMs >= period.fromMs && row.timeMs < period.toMs);
};

/** The sum of what the claims booked, not of what they stated. */
const bookedNano = (rows: readonly JournalRow[]): number =>
  rows.reduce((sum, row) => {
    const event = eventOfRow(row);
    if (!event.ok) throw new RangeError(event.detail);
    return sum + Number(event.value.nano);
  }, 0);

/** Verified again: a report believes no database. */
const statementOf = (
  channel: ChannelRow,
  row: StatementRow | undefined,
  crypto: Crypto,
): Statement | null => {
  if (row === undefined) return null;
  const opened = openAgreed(row.bytes, channel.lease, channel.payer, channel.payee, crypto.verify);
  return opened.ok ? opened.value : null;
};

const lineOf = async (reader: Reader, channel: ChannelRow, period: Period, crypto: Crypto): Promise<Line> => {
  const claims = await claimsOf(reader, channel, period);
  const [filed] = await reader.get('statement', [[channel.id]]);
  const statement = statementOf(channel, filed, crypto);
  const voucher = channel.voucher === null ? null : parseVoucher(channel.voucher);
  return {
    lease: toHex(channel.lease),
    channel: toHex(channel.id),
    payer: didKey(channel.payer),
    payee: didKey(channel.payee),
    currency: channel.currency,
    closed: channel.closed,
    soldNano: statement?.totalNano ?? null,
    delivered: statement?.delivered ?? null,
    paid: statement?.paid ?? null,
    claimedNano: bookedNano(claims),
    disputedNano: statement === null ? null : statement.totalNano - channel.paidNano,
    evidence: {
      voucherSeq: voucher?.ok ? voucher.value.seq : null,
      tickIndex: channel.index,
      claims: {
        count: claims.length,
        firstRow: claims[0]?.index ?? null,
        lastRow: claims.at(-1)?.index ?? null,
      },
      statementSha256: filed === undefined || statement === null ? null : toHex(crypto.sha256(filed.bytes)),
    },
  };
};

const totalsOf = (lines: readonly Line[]): Report['totals'] => {
  const sums = new Map<string, { sold: bigint; claimed: bigint; disputed: bigint }>();
  for (const line of lines) {
    const sum = sums.get(line.currency) ?? { sold: 0n, claimed: 0n, disputed: 0n };
    sum.sold += BigInt(line.soldNano ?? 0);
    sum.claimed += BigInt(line.claimedNano);
    // Differences of two leases never cancel each other.
    sum.disputed += BigInt(Math.abs(line.disputedNano ?? 0));
    sums.set(line.currency, sum);
  }
  return [...sums].map(([currency, { sold, claimed, disputed }]) => ({
    currency,
    soldNano: String(sold),
    claimedNano: String(claimed),
    disputedNano: String(disputed),
  }));
};

/** Every lease with a claim in the period, or every lease where the period is all time. Codes: storage-*. */
export const reconcile = async (store: Store, period: Period, crypto: Crypto): Promise<Result<Report>> =>
  store.read(async (reader) => {
    const leases: Line[] = [];
    for await (const channel of allRows(reader, 'channel')) {
      const line = await lineOf(reader, channel, period, crypto);
      if (line.evidence.claims.count > 0 || period === ALL_TIME) leases.push(line);
    }
    return { leases, totals: totalsOf(leases) };
  });

const short = (hex: string): string => hex.slice(0, 12);
const amount = (nano: number | null): string => (nano === null ? '-' : formatAmount(BigInt(nano)));
const count = (n: number | null): string => (n === null ? '-' : String(n));

/** For people: one line a lease, one a currency. */
export const reportTable = (report: Report): string => {
  const head = ['lease', 'state', 'delivered', 'paid', 'sold', 'claimed', 'disputed', '', 'evidence'];
  const body = report.leases.map((line) => [
    short(line.lease),
    line.closed ? 'closed' : 'open',
    count(line.delivered),
    count(line.paid),
    amount(line.soldNano),
    amount(line.claimedNano),
    amount(line.disputedNano),
    line.currency,
    `voucher ${count(line.evidence.voucherSeq)} tick ${line.evidence.tickIndex} row ${count(line.evidence.claims.lastRow)}`,
  ]);
  const totals = report.totals.map((total) => [
    ...['total', '', '', ''],
    formatAmount(BigInt(total.soldNano)),
    formatAmount(BigInt(total.claimedNano)),
    formatAmount(BigInt(total.disputedNano)),
    total.currency,
    '',
  ]);
  return tableOf([head, ...body, ...totals], [2, 3, 4, 5, 6]);
};

/** Columns as wide as their widest cell; those in `rightAligned` hold figures. */
export const tableOf = (rows: readonly (readonly string[])[], rightAligned: readonly number[]): string => {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (rightAligned.includes(i) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd();
  return rows.map(line).join('\n');
};
