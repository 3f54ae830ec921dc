/** `tollbridge settler owners`: what each owner holds, earned, owes, and what its devices spend. */

import { didKey } from '../../../schemas/identity.ts';
import { ok } from '../../../schemas/result.ts';
import { formatAmount } from '../ledger/amount.ts';
import { type OwnerState, ownersOf } from '../reports/owners.ts';
import { tableOf } from '../reports/table.ts';
import { SPENDING_FIGURES, SPENDING_HEAD, spendingJson, spendingRow } from './device-spending.ts';
import { onStore } from './on-store.ts';

const HEAD = ['owner', 'deposit', 'coming', 'reserved', 'earned', 'owes', 'is owed', '', 'devices'];

const rowOf = (state: OwnerState): readonly string[] => [
  didKey(state.owner),
  formatAmount(state.depositNano),
  formatAmount(state.comingNano),
  formatAmount(state.reservedNano),
  formatAmount(state.earnedNano),
  formatAmount(state.owesNano),
  formatAmount(state.owedNano),
  state.currency,
  String(state.devices.length),
];

const jsonOf = ({ owner, currency, devices, ...figures }: OwnerState) => ({
  owner: didKey(owner),
  currency,
  ...Object.fromEntries(Object.entries(figures).map(([name, nano]) => [name, String(nano)])),
  devices: devices.map(spendingJson),
});

export const run = onStore({}, async (store, _, host) => {
  const read = await store.read((reader) => ownersOf(reader, host.nowMs()));
  if (!read.ok) return read;
  const owners = tableOf([HEAD, ...read.value.map(rowOf)], [1, 2, 3, 4, 5, 6, 8]);
  const devices = read.value.flatMap((state) => state.devices.map(spendingRow));
  const table = tableOf([SPENDING_HEAD, ...devices], SPENDING_FIGURES);
  return ok({
    text: devices.length === 0 ? owners : `${owners}\n\n${table}`,
    json: { owners: read.value.map(jsonOf) },
  });
});
