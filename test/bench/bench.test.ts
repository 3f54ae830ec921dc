import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Bench, type Figure, resultOf, tableOf } from './bench.ts';
import { median, medianRatio, percentile, takeTurns } from './measure.ts';

const FIGURES: Figure[] = [
  { name: 'tick_bytes', value: 24, target: { max: 24 } },
  {
    name: 'ticks_per_s',
    value: 123456.789,
    target: { min: 200000 },
    baseline: { name: 'bare', value: 15000 },
  },
  { name: 'reading_bytes', value: 27 },
];

const telling = suite('figures');

telling('stand in a table beside target, verdict and baseline', () => {
  assert.is(
    tableOf(FIGURES),
    [
      'figure             target  measured  verdict  baseline',
      '-------------  ----------  --------  -------  -----------',
      'tick_bytes          <= 24        24  met',
      'ticks_per_s    >= 200,000   123,500  missed   15,000 bare',
      'reading_bytes                    27',
    ].join('\n'),
  );
});

telling('stand in one flat object under their names, as measured', () => {
  const bench: Bench = { name: 'wire', summary: '', run: async () => FIGURES };
  assert.equal(JSON.parse(JSON.stringify(resultOf(bench, FIGURES))), {
    bench: 'wire',
    node: process.version,
    tick_bytes: 24,
    ticks_per_s: 123456.789,
    reading_bytes: 27,
    targets: { tick_bytes: { max: 24 }, ticks_per_s: { min: 200000 } },
    missed: ['ticks_per_s'],
  });
});

telling('stand beside what is more than figures', () => {
  const networks = [{ obligations: 3 }];
  const bench: Bench = { name: 'clearing', summary: '', run: async () => FIGURES };
  const result = resultOf(bench, Object.assign([...FIGURES], { more: { networks } }));
  assert.equal([result.networks, result.tick_bytes], [networks, 24]);
});

telling.run();

const measuring = suite('measuring');

measuring('percentiles are values that were measured (nearest rank)', () => {
  const values = [15, 20, 35, 40, 50];
  assert.equal(
    [5, 30, 40, 50, 100].map((percent) => percentile(values, percent)),
    [15, 20, 20, 35, 50],
  );
  assert.is(median([3, 1, 2]), 2);
  assert.throws(() => percentile([], 50), /of nothing/);
});

measuring('a ratio is taken round by round', () => {
  assert.is(medianRatio([10, 20, 90], [10, 40, 30]), 1);
});

measuring('contestants take turns, after a warm-up that does not count', async () => {
  const order: string[] = [];
  const contestant = (name: string) => ({
    prepare: () => name,
    run: (prepared: string) => {
      if (order.at(-1) !== prepared) order.push(prepared);
      return 1;
    },
  });
  const told: string[] = [];
  const rates = await takeTurns({ a: contestant('a'), b: contestant('b') }, (text) => told.push(text), {
    rounds: 3,
    roundMs: 1,
  });
  assert.is(order.join(''), 'abababab');
  assert.equal([rates.a.length, rates.b.length], [3, 3]);
  assert.ok(rates.a.every((rate) => rate > 0));
  assert.equal(told.at(-1), 'round 3 of 3');
});

measuring.run();
