/** A settler's books with work for every command that moves money or copies books: deposits, circles of debts, earnings. */

import { giveReference } from '../../broker/settler/bank/deposit-reference.ts';
import type { Store } from '../../broker/settler/store/store.ts';
import { allRows } from '../../broker/settler/store/store.ts';
import { signLine } from '../../schemas/line.ts';
import { encodeRequest } from '../../schemas/request.ts';
import { bookings, orderedIn, paidIn } from '../settler/bank/answers.ts';
import { notification } from '../settler/bank/iso-documents.ts';
import { earn, setSepa, setSettler } from '../settler/bank/treasurer.ts';
import {
  claimRequest,
  crypto,
  evidenceFor,
  type House,
  houseOver,
  openOf,
  openRequest,
  partyOf,
  ROOT,
  UNIT,
} from '../settler/parties.ts';
import { must } from '../world/deal.ts';

export type Size = { readonly owners: number; readonly deposits: number };

/** Each owes its first, second and third next so many units: circles of many lengths. */
const DEBTS: readonly (readonly [step: number, units: number])[] = [
  [1, 5],
  [2, 3],
  [3, 7],
];

const ask = async (house: House, request: Uint8Array): Promise<void> => {
  const { code } = await house.ask(request);
  if (code !== undefined) throw new Error(code);
};

const owe = async (house: House, debtor: number, creditor: number, units: number): Promise<void> => {
  const [payer, payee] = [partyOf(debtor), partyOf(creditor)];
  const sides = { creditor: payee.key, debtor: payer.key, settler: ROOT.key };
  const line = signLine({ ...sides, currency: 'EUR', version: 1, limitNano: 100 * UNIT, expiryS: 0 }, payee);
  await ask(house, encodeRequest({ kind: 'line', id: crypto.random(8), parts: [line] }));
  const channel = openOf({ payer, payee, limitNano: units * UNIT, nonce: 1000 * debtor + creditor });
  await ask(house, openRequest(channel));
  await ask(house, claimRequest(channel, evidenceFor(channel, 1, units * UNIT)));
};

const FIRST = 500;
const partyAt = (i: number, { owners }: Size): number => FIRST + (i % owners);

/** Writes the books; the bank's notification of what was paid in since. */
export const layOut = async (store: Store, size: Size): Promise<string> => {
  await setSettler(store);
  const house = await houseOver(store, { opensPerS: 1_000_000, claimsPerS: 1_000_000 });
  const references: string[] = [];
  for (let i = 0; i < size.owners; i++) {
    const owner = partyOf(partyAt(i, size));
    for (const [step, units] of DEBTS)
      await owe(house, partyAt(i, size), partyAt(i + step, size), units + (i % 3));
    await setSepa(store, owner);
    await earn(store, owner, BigInt(UNIT) * BigInt(i + 1));
    references.push(must(await giveReference(store, owner.key, crypto.sha256)));
  }
  await house.settler.close();
  const entries = Array.from({ length: size.deposits }, (_, i) =>
    paidIn(`${1 + (i % 50)}.25`, references[i % references.length]!, `IN-${i}`),
  );
  return notification(entries.join(''));
};

/** What the bank says of a payout file: all of it is paid, each third comes back. */
export const answerTo = (xml: string): string => {
  const ordered = orderedIn(xml);
  const returned = ordered.filter((_, i) => i % 3 === 0);
  return bookings(
    ...ordered.map((one) => ({ ...one, what: 'paid' }) as const),
    ...returned.map((one) => ({ ...one, what: 'returned' }) as const),
  );
};

/** All that does not depend on when it was booked: the journal's keys in their order, balances, transfers, clearings. */
export const booksOf = async (store: Store): Promise<object> =>
  must(
    await store.read(async (reader) => {
      const said = {
        keys: [] as string[],
        balances: [] as string[],
        transfers: [] as string[],
        reports: [] as string[],
      };
      for (const { key } of await reader.journal(0, 1_000_000)) said.keys.push(key);
      for await (const { account, currency, nano } of allRows(reader, 'balance'))
        said.balances.push(`${account} ${nano} ${currency}`);
      for await (const { id, run, nano, state } of allRows(reader, 'payout'))
        said.transfers.push(`${run} ${id} ${nano} ${state}`);
      for await (const { id, report } of allRows(reader, 'clearing')) said.reports.push(`${id} ${report}`);
      return said;
    }),
  );
