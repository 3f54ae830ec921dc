/** Owners that owe each other: lines, channels, disputes, and what compression would put there. */

import * as assert from 'uvu/assert';
import { type ClearingRun, runClearing } from '../../../broker/settler/clearing/run.ts';
import { openBook } from '../../../broker/settler/ledger/book.ts';
import { eventFor, lineAccount, owedAccount } from '../../../broker/settler/ledger/ledger.ts';
import type { Store } from '../../../broker/settler/store/store.ts';
import type { Signer } from '../../../schemas/crypto.ts';
import { must } from '../../world/deal.ts';
import {
  claimRequest,
  crypto,
  evidenceFor,
  type House,
  type OpenedChannel,
  openOf,
  openRequest,
  partyOf,
  START_MS,
  UNIT,
} from '../parties.ts';
import { disputeOf, disputeRequest, lineOf, lineRequest } from '../words.ts';

export const ORDER = { currency: 'EUR', period: '2026-11-20', sequence: 1 };
export const [A, B, C, D] = [partyOf(11), partyOf(12), partyOf(13), partyOf(14)];

export const cleared = async (store: Store, order = ORDER): Promise<ClearingRun> =>
  must(await runClearing(store, order, START_MS, crypto.sha256));

export const asked = async (house: House, request: Uint8Array): Promise<void> => {
  assert.is((await house.ask(request)).code, undefined);
};

export const trust = (house: House, creditor: Signer, debtor: Signer): Promise<void> =>
  asked(house, lineRequest(lineOf({ creditor, debtor, limit: 100 })));

let nonce = 0;

/** The debtor buys from the creditor on credit, for that much. */
export const buys = async (
  house: House,
  debtor: Signer,
  creditor: Signer,
  units: number,
): Promise<OpenedChannel> => {
  const channel = openOf({ payer: debtor, payee: creditor, limitNano: units * UNIT, nonce: ++nonce });
  await asked(house, openRequest(channel));
  await asked(house, claimRequest(channel, evidenceFor(channel, 1, units * UNIT)));
  return channel;
};

export const disputes = (house: House, channel: OpenedChannel, party: Signer): Promise<void> => {
  const says = {
    version: 1,
    open: true,
    delivered: 9,
    totalNano: 5 * UNIT,
    head: channel.id,
    reason: 'head',
  };
  return asked(house, disputeRequest(channel, disputeOf(channel, party, says)));
};

/** Puts obligations there as compression would. */
export const oblige = (store: Store, pairs: readonly (readonly [Signer, Signer, bigint])[], name: string) =>
  store.transact(async (reader) => {
    const accounts = pairs.flatMap(([debtor, creditor]) => [
      [lineAccount(creditor.key, debtor.key), 'EUR'],
      [owedAccount(creditor.key, debtor.key), 'EUR'],
    ]);
    const book = await openBook(reader, { balance: accounts }, START_MS, crypto.sha256);
    pairs.forEach(([debtor, creditor, nano], i) => {
      const between = { owner: creditor.key, other: debtor.key };
      must(
        book.post(eventFor({ kind: 'novated', currency: 'EUR', nano, subject: `${name}/${i}`, ...between })),
      );
    });
    return { changes: book.changes(), value: null };
  });
