/** `tollbridge settler disputes`: both sides' figures beside the evidence, where they part, since when. */

import { ok } from '../../../schemas/result.ts';
import { formatAmount } from '../ledger/amount.ts';
import { type DisputeState, disputesOf, partsText, type SideSays } from '../reports/disputes.ts';
import { tableOf } from '../reports/table.ts';
import { momentText } from './moment.ts';
import { onStore } from './on-store.ts';

const OPTIONS = { all: { type: 'boolean', default: false } } as const;

const short = (hex: string | null): string => hex?.slice(0, 12) ?? '-';
const amount = (nano: number): string => formatAmount(BigInt(nano));

const sideRow = (name: string, says: SideSays | null): readonly string[] =>
  says === null
    ? [name, '-', '-', '-', 'says nothing']
    : [
        name,
        String(says.delivered),
        amount(says.totalNano),
        short(says.head),
        `${says.resolution ?? 'open'}: ${says.reason}`,
      ];

const textOf = (dispute: DisputeState): string => {
  const { channel, open, sinceMs, parts, says, proven, currency, backing, withheldNano } = dispute;
  const since = `${open ? 'open since' : 'resolved, opened'} ${momentText(sinceMs)}`;
  const where = parts.length === 0 ? 'the figures agree' : `they part in ${partsText(parts)}`;
  const withheld = withheldNano === 0 ? '' : `; ${amount(withheldNano)} ${currency} stay out of clearing`;
  const table = tableOf(
    [
      ['', 'readings', `total ${currency}`, 'head', ''],
      sideRow('payer', says.payer),
      sideRow('payee', says.payee),
      [
        'booked',
        proven.readings === null ? '-' : String(proven.readings),
        amount(proven.totalNano),
        short(proven.head),
        proven.voucherSeq === null ? 'no voucher' : `voucher ${proven.voucherSeq} and its tick`,
      ],
    ],
    [1, 2],
  );
  const head = `channel ${short(channel)}, ${backing}, ${since}: ${where}${withheld}`;
  return `${head}\n  payer ${dispute.payer}\n  payee ${dispute.payee}\n${table.replace(/^/gm, '  ')}`;
};

export const run = onStore(OPTIONS, async (store, options) => {
  const disputes = await store.read((reader) => disputesOf(reader, options.all === true));
  if (!disputes.ok) return disputes;
  const text = disputes.value.length === 0 ? 'nothing is disputed' : disputes.value.map(textOf).join('\n\n');
  return ok({ text, json: { disputes: disputes.value } });
});
