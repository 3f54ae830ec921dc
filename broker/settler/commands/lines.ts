/** `tollbridge settler lines`: every credit line, what of it is in use, and who bears default. */

import { didKey } from '../../../schemas/identity.ts';
import { ok } from '../../../schemas/result.ts';
import { formatAmount } from '../ledger/amount.ts';
import { type LineState, linesOf } from '../reports/lines.ts';
import { tableOf } from '../reports/table.ts';
import { expiryText } from './moment.ts';
import { onStore } from './on-store.ts';

const HEAD = ['who bears default', 'debtor', 'limit', 'reserved', 'owed', 'free', '', 'expires'];

const bearerOf = ({ creditor }: LineState): string => (creditor === null ? 'settler' : didKey(creditor));

export const run = onStore({}, async (store, _, host) => {
  const lines = await store.read((reader) => linesOf(reader, host.nowMs()));
  if (!lines.ok) return lines;
  const rows = lines.value.map((line) => [
    bearerOf(line),
    didKey(line.debtor),
    formatAmount(line.limitNano),
    formatAmount(line.reservedNano),
    formatAmount(line.owedNano),
    formatAmount(line.freeNano),
    line.currency,
    expiryText(line.expiryS),
  ]);
  const json = lines.value.map((line) => ({
    bearsDefault: bearerOf(line),
    debtor: didKey(line.debtor),
    currency: line.currency,
    limitNano: String(line.limitNano),
    reservedNano: String(line.reservedNano),
    owedNano: String(line.owedNano),
    freeNano: String(line.freeNano),
    expiryS: line.expiryS,
  }));
  return ok({ text: tableOf([HEAD, ...rows], [2, 3, 4, 5]), json: { lines: json } });
});
