/** `tollbridge settler transfers`: payouts and collections, what became of them, and since when. */

import { didKey } from '../../../schemas/identity.ts';
import { ok } from '../../../schemas/result.ts';
import { directionOf } from '../bank/settling.ts';
import { formatAmount } from '../ledger/amount.ts';
import { tableOf } from '../reports/table.ts';
import { allRows } from '../store/store.ts';
import type { PayoutRow } from '../store/tables.ts';
import { momentText } from './moment.ts';
import { onStore } from './on-store.ts';

const OPTIONS = { all: { type: 'boolean', default: false } } as const;

const HEAD = ['run', 'id', 'amount', '', 'state', 'since', 'owner'];

const rowOf = (transfer: PayoutRow): readonly string[] => [
  transfer.run,
  transfer.id,
  formatAmount(transfer.nano),
  transfer.currency,
  transfer.reason === null ? transfer.state : `${transfer.state} ${transfer.reason}`,
  momentText(transfer.changedMs),
  `${didKey(transfer.owner)} ${transfer.name}`,
];

const jsonOf = ({ id, run, owner, currency, nano, state, reason, changedMs, mandate }: PayoutRow) => ({
  id,
  run,
  direction: directionOf({ mandate }),
  account: didKey(owner),
  currency,
  nano: String(nano),
  state,
  reason,
  changedMs,
});

/** The longest unchanged first. */
const inOrder = (a: PayoutRow, b: PayoutRow): number => a.changedMs - b.changedMs || (a.run < b.run ? -1 : 1);

export const run = onStore(OPTIONS, async (store, options) => {
  const read = await store.read(async (reader) => {
    const shown: PayoutRow[] = [];
    for await (const transfer of allRows(reader, 'payout')) {
      if (transfer.state === 'pending' || options.all === true) shown.push(transfer);
    }
    return shown.sort(inOrder);
  });
  if (!read.ok) return read;
  const table = tableOf([HEAD, ...read.value.map(rowOf)], [2]);
  const text = read.value.length === 0 ? 'no transfer waits for the bank' : table;
  return ok({ text, json: { transfers: read.value.map(jsonOf) } });
});
