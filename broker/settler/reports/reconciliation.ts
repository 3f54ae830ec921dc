/** Reconciliation: the figures of every lease, their totals in each currency, and what each owner comes to. */

import { equalBytes, toHex } from '../../../schemas/bytes.ts';
import type { Crypto } from '../../../schemas/crypto.ts';
import type { Result } from '../../../schemas/result.ts';
import { formatAmount } from '../ledger/amount.ts';
import { dayOf } from '../ledger/day.ts';
import { allRows, type Store } from '../store/store.ts';
import type { ChannelRow } from '../store/tables.ts';
import { UNWATCHED, type Watch } from '../watch.ts';
import { partsText } from './disputes.ts';
import { type Lease, leaseOf, type Period } from './lease.ts';
import { csvOf, tableOf } from './table.ts';

export const ALL_TIME: Period = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER };

/** Of all leases some. */
export type Selection = {
  /** Its channels on either side, its devices' as well; or those of this device. */
  readonly owner?: Uint8Array | undefined;
  /** The first hexadecimal digits of its id, lower case. */
  readonly lease?: string | undefined;
};

/** Nanos of many channels pass 2^53, so they are decimal text here. */
export type Report = {
  readonly leases: readonly Lease[];
  readonly totals: readonly {
    readonly currency: string;
    readonly soldNano: string;
    readonly claimedNano: string;
    readonly disputedNano: string;
  }[];
  /** What the claims of these leases moved, by owner: from those who spent to those who earned. */
  readonly owners: readonly {
    readonly owner: string;
    readonly currency: string;
    readonly earnedNano: string;
    readonly spentNano: string;
  }[];
};

/** Sums of some figures, by name. */
class Sums<Figure extends string> {
  private readonly sums = new Map<string, { [F in Figure]: bigint }>();
  private readonly nothing: { [F in Figure]: bigint };

  constructor(nothing: { [F in Figure]: bigint }) {
    this.nothing = nothing;
  }

  add(name: string, figure: Figure, nano: number): void {
    const before = this.sums.get(name) ?? { ...this.nothing };
    before[figure] += BigInt(nano);
    this.sums.set(name, before);
  }

  all(): readonly (readonly [string, { [F in Figure]: bigint }])[] {
    return [...this.sums].sort(([a], [b]) => (a < b ? -1 : 1));
  }
}

const totalsOf = (leases: readonly Lease[]): Report['totals'] => {
  const sums = new Sums({ sold: 0n, claimed: 0n, disputed: 0n });
  for (const { currency, soldNano, claimedNano, disputedNano } of leases) {
    sums.add(currency, 'sold', soldNano ?? 0);
    sums.add(currency, 'claimed', claimedNano);
    // Differences of two leases never cancel each other.
    sums.add(currency, 'disputed', Math.abs(disputedNano ?? 0));
  }
  return sums.all().map(([currency, { sold, claimed, disputed }]) => ({
    currency,
    soldNano: String(sold),
    claimedNano: String(claimed),
    disputedNano: String(disputed),
  }));
};

const ownersOf = (leases: readonly Lease[]): Report['owners'] => {
  const sums = new Sums({ earned: 0n, spent: 0n });
  for (const { payerOwner, payeeOwner, currency, claimedNano } of leases) {
    sums.add(`${payerOwner} ${currency}`, 'spent', claimedNano);
    sums.add(`${payeeOwner} ${currency}`, 'earned', claimedNano);
  }
  return sums.all().map(([name, { earned, spent }]) => {
    const [owner, currency] = name.split(' ') as [string, string];
    return { owner, currency, earnedNano: String(earned), spentNano: String(spent) };
  });
};

const isSelected = (channel: ChannelRow, { owner, lease }: Selection): boolean => {
  const { payer, payee, payerOwner, payeeOwner } = channel;
  const sides = [payer, payee, payerOwner, payeeOwner];
  if (lease !== undefined && !toHex(channel.lease).startsWith(lease)) return false;
  return owner === undefined || sides.some((side) => equalBytes(side, owner));
};

/** Some tens of milliseconds. */
const WATCHED_CHANNELS = 100;

/** Every lease with a claim in the period, or every lease where the period is all time, in the order of grants. Codes: storage-*. */
export const reconcile = async (
  store: Store,
  period: Period,
  crypto: Crypto,
  selection: Selection = {},
  watch: Watch = UNWATCHED,
): Promise<Result<Report>> =>
  store.read(async (reader) => {
    const leases: Lease[] = [];
    let channels = 0;
    for await (const channel of allRows(reader, 'channel')) {
      if (++channels % WATCHED_CHANNELS === 0) await watch('channels looked at', channels);
      if (!isSelected(channel, selection)) continue;
      const lease = await leaseOf(reader, channel, period, crypto);
      if (lease.evidence.claims.count > 0 || period === ALL_TIME) leases.push(lease);
    }
    leases.sort((a, b) => (a.evidence.grantRow ?? 0) - (b.evidence.grantRow ?? 0));
    return { leases, totals: totalsOf(leases), owners: ownersOf(leases) };
  });

const short = (hex: string): string => hex.slice(0, 12);
const amount = (nano: number | null): string => (nano === null ? '-' : formatAmount(BigInt(nano)));
const count = (n: number | null): string => (n === null ? '-' : String(n));

const proofs = ({ evidence }: Lease): string => {
  const { voucherSeq, tickIndex, claims, statementSha256, dispute } = evidence;
  const parts =
    claims.lastRow === null
      ? ['no claim']
      : [`voucher ${count(voucherSeq)} tick ${tickIndex} row ${claims.lastRow}`];
  if (statementSha256 !== null) parts.push(`statement ${short(statementSha256)}`);
  if (dispute?.open) {
    parts.push(`disputed since ${dayOf(dispute.sinceMs)}: ${partsText(dispute.parts) || 'no figure'}`);
  }
  return parts.join('; ');
};

const HEAD = [
  'lease',
  'state',
  'backing',
  'delivered',
  'paid',
  'sold',
  'claimed',
  'disputed',
  '',
  'evidence',
];

/** For people: one line a lease, one a currency, one an owner. */
export const reportTable = (report: Report): string => {
  const body = report.leases.map((lease) => [
    short(lease.lease),
    lease.closed ? 'closed' : 'open',
    lease.backing,
    count(lease.delivered),
    count(lease.paid),
    amount(lease.soldNano),
    amount(lease.claimedNano),
    amount(lease.disputedNano),
    lease.currency,
    proofs(lease),
  ]);
  const totals = report.totals.map((total) => [
    ...['total', '', '', '', ''],
    formatAmount(BigInt(total.soldNano)),
    formatAmount(BigInt(total.claimedNano)),
    formatAmount(BigInt(total.disputedNano)),
    total.currency,
    '',
  ]);
  const owners = report.owners.map(({ owner, currency, earnedNano, spentNano }) => [
    owner,
    formatAmount(BigInt(earnedNano)),
    formatAmount(BigInt(spentNano)),
    currency,
  ]);
  const leases = tableOf([HEAD, ...body, ...totals], [3, 4, 5, 6, 7]);
  return `${leases}\n\n${tableOf([['owner', 'earned', 'spent', ''], ...owners], [1, 2])}`;
};

const CSV_HEAD = [
  ...['lease', 'channel', 'payer', 'payee', 'payer_owner', 'payee_owner', 'currency', 'state', 'backing'],
  ...['bears_default', 'limit', 'sold', 'delivered', 'delivered_by', 'paid', 'claimed', 'disputed'],
  ...['grant_row', 'voucher_seq', 'tick', 'claims', 'first_claim_row', 'last_claim_row', 'end_row'],
  ...['statement_sha256', 'statement_row', 'dispute_open', 'dispute_since', 'dispute_parts', 'dispute_rows'],
];

const empty = (value: number | string | null): string => (value === null ? '' : String(value));
const decimal = (nano: number | null): string => (nano === null ? '' : formatAmount(BigInt(nano)));

/** For spreadsheets: one row a lease with all there is to it. */
export const reportCsv = ({ leases }: Report): string =>
  csvOf([
    CSV_HEAD,
    ...leases.map((lease) => {
      const { evidence } = lease;
      const { claims, dispute } = evidence;
      return [
        ...[lease.lease, lease.channel, lease.payer, lease.payee, lease.payerOwner, lease.payeeOwner],
        ...[lease.currency, lease.closed ? 'closed' : 'open', lease.backing, lease.bearsDefault],
        ...[decimal(lease.limitNano), decimal(lease.soldNano), empty(lease.delivered)],
        ...[empty(evidence.deliveredBy), empty(lease.paid), decimal(lease.claimedNano)],
        ...[decimal(lease.disputedNano), empty(evidence.grantRow), empty(evidence.voucherSeq)],
        ...[String(evidence.tickIndex), String(claims.count), empty(claims.firstRow), empty(claims.lastRow)],
        ...[empty(evidence.endRow), empty(evidence.statementSha256), empty(evidence.statementRow)],
        ...(dispute === null
          ? ['', '', '', '']
          : [
              dispute.open ? 'yes' : 'no',
              dayOf(dispute.sinceMs),
              dispute.parts.join(' '),
              dispute.rows.join(' '),
            ]),
      ];
    }),
  ]);
