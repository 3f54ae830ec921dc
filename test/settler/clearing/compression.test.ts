import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { clear } from '../../../broker/settler/clearing/clear.ts';
import type { Consent, Obligation } from '../../../broker/settler/clearing/obligation.ts';
import { pairsOf, positionsOf } from './networks.ts';

const SEED = 20261121;
console.log(`seed ${SEED}`);

const owes = (debtor: string, creditor: string, nano: bigint): Obligation => ({ debtor, creditor, nano });
const upTo = (counterpartyNano: bigint, ...owners: string[]): Consent[] =>
  owners.map((owner) => ({ owner, counterpartyNano }));
const leftOf = (obligations: readonly Obligation[], consents: readonly Consent[]): string[] =>
  clear(obligations, consents).left.map(({ debtor, creditor, nano }) => `${debtor} ${creditor} ${nano}`);

const compression = suite('compression');

const chain = [owes('a', 'b', 10n), owes('b', 'c', 7n)];

compression('passes debts on among those who consent, and only among them', () => {
  assert.equal(leftOf(chain, upTo(100n, 'a', 'b', 'c')), ['a b 3', 'a c 7']);
  assert.equal(leftOf([owes('a', 'b', 7n), owes('b', 'c', 7n)], upTo(100n, 'a', 'b', 'c')), ['a c 7']);
  assert.equal(leftOf(chain, upTo(100n, 'a', 'b')), ['a b 10', 'b c 7']);
  assert.equal(leftOf(chain, []), ['a b 10', 'b c 7']);
});

compression('gives nobody a counterparty beyond the limit of either side', () => {
  assert.equal(leftOf(chain, [...upTo(100n, 'a', 'b'), ...upTo(6n, 'c')]), ['a b 10', 'b c 7']);
  assert.equal(leftOf(chain, [...upTo(6n, 'a'), ...upTo(100n, 'b', 'c')]), ['a b 10', 'b c 7']);
  assert.equal(leftOf(chain, upTo(0n, 'a', 'b', 'c')), ['a b 10', 'b c 7']);
});

compression('does what fits where not everything does', () => {
  // z may not be owed more than 1 by anyone new; the others go on without it.
  const debts = [owes('a', 'b', 5n), owes('b', 'c', 5n), owes('d', 'b', 4n), owes('b', 'z', 4n)];
  const consents = [...upTo(100n, 'a', 'b', 'c', 'd'), ...upTo(1n, 'z')];
  assert.equal(leftOf(debts, consents), ['a c 5', 'b z 4', 'd b 4']);
});

compression('makes fewer transfers than there are owners where limits let it', () => {
  const debtors = ['a', 'b', 'c', 'd'];
  const creditors = ['w', 'x', 'y', 'z'];
  const debts = debtors.flatMap((debtor, i) =>
    creditors.map((creditor, j) => owes(debtor, creditor, BigInt(3 + i * j))),
  );
  const { left, report } = clear(debts, upTo(1000n, ...debtors, ...creditors));
  assert.ok(left.length < debtors.length + creditors.length, String(left.length));
  assert.is(report.transfers, left.length);
  assert.is(report.leftNano, report.netNano);
});

const owner = fc.constantFrom(...'abcdefgh');
const debts = fc
  .array(fc.tuple(owner, owner, fc.oneof(fc.bigInt(1n, 20n), fc.bigInt(1n, 2n ** 62n))), { maxLength: 40 })
  .map((all) => all.filter(([debtor, creditor]) => debtor !== creditor).map((debt) => owes(...debt)));
const consenting = fc.uniqueArray(
  fc.record({ owner, counterpartyNano: fc.oneof(fc.bigInt(0n, 30n), fc.constant(2n ** 63n)) }),
  {
    selector: (one) => one.owner,
  },
);

compression('keeps net positions, limits, those who did not consent, and never makes it worse', () => {
  fc.assert(
    fc.property(debts, consenting, (obligations, consents) => {
      const { left, report } = clear(obligations, consents);
      const plain = clear(obligations, []);
      assert.equal(positionsOf(left), positionsOf(obligations));
      assert.ok(left.length <= plain.left.length);
      assert.ok(report.leftNano <= plain.report.leftNano);
      const limits = new Map(consents.map((one) => [one.owner, one.counterpartyNano]));
      const before = pairsOf(plain.left);
      const after = pairsOf(left);
      for (const pair of new Set([...before.keys(), ...after.keys()])) {
        const [a, b] = pair.split('>').map((name) => limits.get(name)) as [bigint?, bigint?];
        const [was, is] = [before.get(pair) ?? 0n, after.get(pair) ?? 0n];
        if (a === undefined || b === undefined) assert.is(is, was, pair);
        else assert.ok(is <= was || (is <= a && is <= b), pair);
      }
    }),
    { numRuns: 500, seed: SEED },
  );
});

compression('is the same whatever order obligations and consents come in', () => {
  fc.assert(
    fc.property(debts, consenting, (obligations, consents) => {
      assert.equal(
        clear(obligations.toReversed(), consents.toReversed()).left,
        clear(obligations, consents).left,
      );
    }),
    { numRuns: 200, seed: SEED },
  );
});

compression.run();
