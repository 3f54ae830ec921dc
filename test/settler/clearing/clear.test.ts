import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { faultOf } from '../../../broker/settler/clearing/certificate.ts';
import { maximumCirculation } from '../../../broker/settler/clearing/circulation.ts';
import { clear } from '../../../broker/settler/clearing/clear.ts';
import { doubleFlow, singleFlow } from '../../../broker/settler/clearing/flow.ts';
import { type Network, OBLIGATION_NANO_MAX, openIntake } from '../../../broker/settler/clearing/network.ts';
import type { Obligation } from '../../../broker/settler/clearing/obligation.ts';
import { residualOf } from '../../../broker/settler/clearing/residual.ts';
import { maximise } from '../../../broker/settler/clearing/scaling.ts';
import { type Oracle, openLemon, openNetworkX } from '../../bench/oracle.ts';
import { type Edge, obligationsOf, pairsOf, positionsOf, randomEdges } from './networks.ts';

const SEED = 20261120;
console.log(`seed ${SEED}`);

const networkOf = (obligations: readonly Obligation[]): Network => {
  const intake = openIntake();
  for (const { debtor, creditor, nano } of obligations) intake.add(debtor, creditor, nano);
  return intake.network();
};
const silent = (): void => {};
const sumOf = (amounts: readonly bigint[]): bigint => amounts.reduce((sum, nano) => sum + nano, 0n);
const clearedIn = (edges: readonly Edge[], unitNano = 1n): bigint =>
  clear(obligationsOf(edges, unitNano), []).report.clearedNano / unitNano;

/** Networks of few owners, with opposite, parallel and equal debts. */
const edgesOf = (ownersMax: number, edgesMax: number, amountMax: bigint) =>
  fc
    .array(
      fc.tuple(
        fc.nat(ownersMax - 1),
        fc.nat(ownersMax - 1),
        fc.oneof(fc.bigInt(1n, 5n), fc.bigInt(1n, amountMax)),
      ),
      { maxLength: edgesMax },
    )
    .map((edges) => edges.filter(([debtor, creditor]) => debtor !== creditor));

/** The most that any circulation clears, by trying all of them. */
const bruteForce = (edges: readonly Edge[], owners: number): bigint => {
  const kept = new Array<bigint>(owners).fill(0n);
  let best = 0n;
  const attempt = (i: number, sum: bigint): void => {
    if (i === edges.length) {
      if (sum > best && kept.every((nano) => nano === 0n)) best = sum;
      return;
    }
    const [debtor, creditor, amount] = edges[i]!;
    for (let gone = 0n; gone <= amount; gone++) {
      kept[debtor]! += gone;
      kept[creditor]! -= gone;
      attempt(i + 1, sum + gone);
      kept[debtor]! -= gone;
      kept[creditor]! += gone;
    }
  };
  attempt(0, 0n);
  return best;
};

const clearing = suite('clear');

clearing('clears as much as the best of all circulations of small networks', () => {
  fc.assert(
    fc.property(edgesOf(4, 6, 4n), (edges) => {
      assert.is(clearedIn(edges), bruteForce(edges, 4));
    }),
    { numRuns: 150, seed: SEED },
  );
});

clearing('keeps every net position and every pair of counterparties, and no amount grows', () => {
  fc.assert(
    fc.property(edgesOf(12, 60, 2n ** 63n - 1n), (edges) => {
      const before = obligationsOf(edges);
      const { left, report } = clear(before, []);
      assert.equal(positionsOf(left), positionsOf(before));
      const owed = pairsOf(before);
      for (const [pair, nano] of pairsOf(left)) assert.ok(nano <= (owed.get(pair) ?? 0n), pair);
      assert.is(report.grossNano - report.clearedNano, sumOf(left.map(({ nano }) => nano)));
      assert.is(report.transfersSaved, edges.length - left.length);
    }),
    { numRuns: 300, seed: SEED },
  );
});

clearing('is the same whatever order obligations come in, and however they are split', () => {
  fc.assert(
    fc.property(
      edgesOf(8, 40, 2n ** 40n).chain((edges) =>
        fc.tuple(fc.constant(edges), fc.shuffledSubarray(edges, { minLength: edges.length })),
      ),
      ([edges, shuffled]) => {
        const split = shuffled.flatMap(([debtor, creditor, amount]): Edge[] => [
          [debtor, creditor, amount / 2n],
          [debtor, creditor, amount - amount / 2n],
        ]);
        const { left } = clear(obligationsOf(edges), []);
        assert.equal(clear(obligationsOf(shuffled), []).left, left);
        assert.equal(clear(obligationsOf(split), []).left, left);
      },
    ),
    { numRuns: 200, seed: SEED },
  );
});

clearing('clears more than netting first would, where a circle runs through a pair', () => {
  // Netting leaves a owing b 6, and circles of 6; but all 10 can go round, and b still owes a 4.
  const { left, report } = clear(
    [
      { debtor: 'a', creditor: 'b', nano: 10n },
      { debtor: 'b', creditor: 'a', nano: 4n },
      { debtor: 'b', creditor: 'c', nano: 10n },
      { debtor: 'c', creditor: 'a', nano: 10n },
    ],
    [],
  );
  assert.equal(left, [{ debtor: 'b', creditor: 'a', nano: 4n }]);
  assert.equal(report.steps, [
    { step: 'netting', clearedNano: 8n, leftNano: 26n, transfers: 3 },
    { step: 'circles', clearedNano: 22n, leftNano: 4n, transfers: 1 },
  ]);
  assert.is(report.netNano, 4n);
  assert.equal(report.accounts[1], {
    owner: 'b',
    owedBefore: 14n,
    dueBefore: 10n,
    owedAfter: 4n,
    dueAfter: 0n,
  });
});

clearing('does the same step by step in one word and in two', () => {
  for (const amountMax of [9, 2 ** 26, 2 ** 42]) {
    const owners = 300;
    const edges = randomEdges({ seed: SEED, owners, obligations: 2000, skew: 2, amountMax });
    const sides = [0, 1].map((side) => Int32Array.from(edges, (edge) => edge[side as 0 | 1]));
    const units = edges.map(([, , amount]) => amount);
    const [single, double] = [singleFlow, doubleFlow].map((flowOf) => {
      const residual = residualOf(owners, sides[0]!, sides[1]!);
      const flow = flowOf(residual, units);
      const potentials = maximise(residual, flow, silent);
      return [Array.from(potentials), units.map((_, edge) => String(flow.cleared(edge)))].flat().join(' ');
    });
    assert.ok(single === double, `amounts to ${amountMax}`);
  }
});

clearing('does the same in any unit', () => {
  const edges = randomEdges({ seed: SEED, owners: 200, obligations: 1500, skew: 2, amountMax: 1e6 });
  const [one, two] = [1n, 3n ** 40n].map((unitNano) => {
    const { left } = clear([...obligationsOf(edges, unitNano), { debtor: 'x', creditor: 'y', nano: 1n }], []);
    return left.map(
      ({ debtor, creditor, nano }) => `${debtor} ${creditor} ${debtor === 'x' ? 1n : nano / unitNano}`,
    );
  });
  assert.ok(one!.join() === two!.join());
});

clearing('is exact where sums pass 2^53 and 2^63', () => {
  const most = OBLIGATION_NANO_MAX;
  const circle = ['a', 'b', 'c', 'd'];
  const edges = circle.flatMap((debtor, i) => {
    const creditor = circle[(i + 1) % circle.length]!;
    return [0n, 1n, 2n].map((less) => ({ debtor, creditor, nano: most - less - BigInt(i) }));
  });
  const { left, report } = clear(edges, []);
  assert.is(report.clearedNano, 4n * (3n * most - 3n - 9n));
  assert.equal(
    left.map(({ nano }) => nano),
    [9n, 6n, 3n],
  );
});

clearing('refuses what no obligation can be', () => {
  const one =
    (nano: bigint, creditor = 'b') =>
    () =>
      clear([{ debtor: 'a', creditor, nano }], []);
  assert.throws(one(1n, 'a'), /owe itself/);
  assert.throws(one(-1n), /out of range/);
  assert.throws(one(OBLIGATION_NANO_MAX + 1n), /out of range/);
  assert.equal(clear([{ debtor: 'a', creditor: 'b', nano: 0n }], []).left, []);
  assert.equal(clear([], []).report.obligations, 0);
});

clearing.run();

const certificate = suite('certificate');

certificate('proves every circulation found to be the maximum', () => {
  fc.assert(
    fc.property(edgesOf(30, 120, 2n ** 80n), (edges) => {
      const network = networkOf(obligationsOf(edges));
      assert.is(faultOf(network, maximumCirculation(network, silent)), null);
    }),
    { numRuns: 300, seed: SEED },
  );
});

certificate('finds what is no circulation, and what is not the most', () => {
  const network = networkOf(
    obligationsOf([
      [0, 1, 5n],
      [1, 2, 5n],
      [2, 0, 7n],
      [2, 3, 1n],
    ]),
  );
  const { cleared, potentials } = maximumCirculation(network, silent);
  const fault = (change: bigint[], by = potentials) =>
    faultOf(network, { cleared: change, potentials: by }) ?? 'none';
  assert.equal(cleared, [5n, 5n, 5n, 0n]);
  assert.match(fault([5n, 5n, 5n, 1n]), /elsewhere|net position/);
  assert.match(fault([6n, 5n, 5n, 0n]), /cannot clear 6 of 5/);
  assert.match(fault([0n, 0n, 0n, 0n]), /could clear more/);
  assert.match(fault([4n, 4n, 4n, 0n]), /could clear more/);
  assert.match(fault([5n, 5n, 4n, 0n]), /net position|could clear more/);
  assert.match(fault(cleared.slice(), new Int32Array(4)), /could clear more|elsewhere/);
});

certificate.run();

const adversarial = suite('clear, at its worst');

const N = 100_000;
const giant = (amount: (i: number) => bigint): Edge[] =>
  Array.from({ length: N }, (_, i): Edge => [(i * 7919) % N, ((i + 1) * 7919) % N, amount(i)]);

adversarial('clears one circle of 100,000 owners, all amounts alike or all unlike', () => {
  assert.is(clearedIn(giant(() => 5n)), 5n * BigInt(N));
  assert.is(clearedIn(giant((i) => 1000n + BigInt((i * 7907) % 100_003))), 1000n * BigInt(N));
});

adversarial('finds nothing in a chain of 100,000 owners', () => {
  assert.is(clearedIn(giant(() => 5n).slice(1)), 0n);
});

adversarial('clears dense networks between two sides, and debts all alike', () => {
  const dense = (amount: (a: number, b: number) => bigint): Edge[] =>
    Array.from({ length: 120 * 120 }, (_, i): Edge => {
      const [a, b] = [i % 120, Math.floor(i / 120)];
      return (a * 31 + b * 17) % 3 === 0 ? [120 + b, a, amount(a, b)] : [a, 120 + b, amount(a, b)];
    });
  for (const edges of [dense(() => 1n), dense((a, b) => 1n + BigInt((a * b) % 97))]) {
    const network = networkOf(obligationsOf(edges));
    assert.is(faultOf(network, maximumCirculation(network, silent)), null);
  }
});

adversarial.run();

for (const opened of [openLemon(), openNetworkX()]) {
  const solver = suite<{ oracle: Oracle }>('another solver');
  if (typeof opened === 'string') {
    console.log(`skip: ${opened}`);
    continue;
  }
  solver.after(() => opened.close());
  for (const skew of [1, 2, 4]) {
    solver(`${opened.name} clears as much of a network of skew ${skew}`, () => {
      const owners = 600;
      const edges = randomEdges({ seed: SEED + skew, owners, obligations: 3000, skew, amountMax: 1.6e10 });
      assert.is(clearedIn(edges, 10_000_000n), opened.solve(owners, edges).cleared);
    });
  }
  solver.run();
}
