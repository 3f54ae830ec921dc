/** `tollbridge settler withdraw` and `top-up`: an owner's money between its deposit and its earnings. */

import { ok } from '../../../schemas/result.ts';
import { bookTransfer, type Transfer } from '../credit/transfers.ts';
import { formatAmount } from '../ledger/amount.ts';
import { MONEY_OPTIONS, moneyOf } from './money.ts';
import { type CommandHost, onStore, type Run } from './on-store.ts';

const WAYS: { readonly [K in Transfer['kind']]: string } = {
  withdrawal: 'from the deposit to the earnings, which the next payout takes',
  'top-up': 'from the earnings to the deposit',
};

const transferOf = (kind: Transfer['kind']): Run<CommandHost> =>
  onStore(MONEY_OPTIONS, async (store, options, host) => {
    const money = await moneyOf(store, options);
    if (!money.ok) return money;
    const booked = await bookTransfer(store, { ...money.value, kind }, host.nowMs(), host.crypto.sha256);
    if (!booked.ok) return booked;
    const { row, repeated } = booked.value;
    const { account, nano, currency, reference } = money.value;
    const what = `${formatAmount(nano)} ${currency} of ${account}, ${WAYS[kind]}`;
    const text = `${repeated ? 'booked before' : 'booked'} in row ${row.index}: ${what}`;
    return ok({ text, json: { row: row.index, nano: String(nano), currency, reference, repeated } });
  });

export const withdraw = { run: transferOf('withdrawal') };
export const topUp = { run: transferOf('top-up') };
