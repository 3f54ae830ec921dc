import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Obligation } from '../../../broker/settler/clearing/obligation.ts';
import { pastClearing } from '../../../broker/settler/clearing/past.ts';
import { openMemoryStore } from '../../../broker/settler/store/memory.ts';
import { signClose } from '../../../schemas/close.ts';
import { signConsent } from '../../../schemas/consent.ts';
import { encodeRequest } from '../../../schemas/request.ts';
import { must } from '../../world/deal.ts';
import { crypto, houseOver, type OpenedChannel, partyOf, ROOT, UNIT } from '../parties.ts';
import { consentRequest } from '../words.ts';
import { A, asked, B, buys, cleared, disputes, ORDER, oblige, trust } from './owing.ts';

const past = suite('a clearing from the ledger again');

/** Amounts that are often equal, so that no order but its own is in the picture. */
const LARGE = fc.array(
  fc.tuple(fc.nat(7), fc.nat(7), fc.bigInt(1n, 4n)).filter(([debtor, creditor]) => debtor !== creditor),
  { minLength: 1, maxLength: 40 },
);

past('is what was cleared then, whatever happened since', async () => {
  const owners = Array.from({ length: 8 }, (_, i) => partyOf(20 + i));
  const inOrder = (obligations: readonly Obligation[]) =>
    obligations.map(({ debtor, creditor, nano }) => `${debtor} ${creditor} ${nano}`).toSorted();
  const property = fc.asyncProperty(LARGE, LARGE, fc.array(fc.nat(7)), async (first, later, consenting) => {
    const store = openMemoryStore();
    const house = await houseOver(store);
    const pairs = (given: typeof first) =>
      given.map(([debtor, creditor, nano]) => [owners[debtor]!, owners[creditor]!, nano] as const);
    for (const i of new Set(consenting)) {
      const consent = { settler: ROOT.key, currency: 'EUR', version: 1, counterpartyNano: 3, expiryS: 0 };
      await asked(house, consentRequest(signConsent({ owner: owners[i]!.key, ...consent }, owners[i]!)));
    }
    const circle = [
      [0, 1, 1n],
      [1, 0, 1n],
    ] as typeof first; // something disappears
    must(await oblige(store, pairs([...first, ...circle]), 'first'));
    const made = await cleared(store);
    must(await oblige(store, pairs(later), 'later'));
    await cleared(store, { ...ORDER, sequence: 2 });
    if (made.booked) {
      const { before, left } = must(await pastClearing(store, made.row, crypto.sha256));
      assert.equal(inOrder(before), inOrder(made.before));
      assert.equal(inOrder(left), inOrder(made.clearing!.left));
    }
    await house.settler.close();
  });
  await fc.assert(property, { numRuns: 30 });
});

past('is what nobody disputed then, of a channel that has closed before or since', async () => {
  const store = openMemoryStore();
  const house = await houseOver(store);
  for (const [creditor, debtor] of [
    [B, A],
    [A, B],
  ] as const)
    await trust(house, creditor, debtor);
  const ended = await buys(house, A, B, 5);
  const open = await buys(house, A, B, 3);
  await buys(house, B, A, 9);
  await disputes(house, ended, B);
  await disputes(house, open, A);
  const close = async ({ id }: OpenedChannel, paid: number): Promise<void> => {
    const parts = [id, signClose(id, paid * UNIT, B), null] as const;
    const closed = await house.ask(encodeRequest({ kind: 'close', id: crypto.random(8), parts }));
    assert.is(closed.code, undefined);
  };
  await close(ended, 5);
  await buys(house, A, B, 4);
  const made = await cleared(store);
  assert.is(made.before.length, 2);
  await close(open, 3);
  await buys(house, A, B, 6);
  const { before, left } = must(await pastClearing(store, made.row, crypto.sha256));
  assert.equal(before, made.before);
  assert.equal(left, made.clearing!.left);
  const forged = { ...made.row, report: made.row.report.replace(/"obligations":2/, '"obligations":3') };
  const refused = await pastClearing(store, forged, crypto.sha256);
  assert.is(refused.ok ? '' : refused.code, 'journal-corrupt');
  await house.settler.close();
});

past.run();
