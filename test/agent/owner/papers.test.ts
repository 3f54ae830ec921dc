import { statSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openPapers } from '../../../agent/owner/papers.ts';
import { filled } from '../../vectors/parties.ts';
import { must } from '../../world/deal.ts';
import { Bench, signerOf } from './bench.ts';

const KEY = filled(1);

const withBench = (body: (bench: Bench) => Promise<void> | void) => async (): Promise<void> => {
  const bench = new Bench(signerOf(1));
  try {
    await body(bench);
  } finally {
    await bench.close();
  }
};

const papers = suite('Papers');

papers(
  'keep the newest of a key of each kind, through a restart',
  withBench(async (bench) => {
    must(bench.papers.put({ kind: 'line', key: KEY, objects: [filled(2), null] }));
    must(bench.papers.put({ kind: 'consent', key: KEY, objects: [filled(3), null] }));
    must(bench.papers.put({ kind: 'line', key: KEY, objects: [filled(4), filled(5, 300)] }));
    await bench.restart();
    assert.equal(bench.papers.all('line'), [
      { kind: 'line', key: KEY, objects: [filled(4), filled(5, 300)] },
    ]);
    assert.equal(bench.papers.get('consent', KEY)?.objects, [filled(3), null]);
    assert.is(bench.papers.get('budget', KEY), undefined);
  }),
);

papers(
  'forget the longest unchanged of more than 1,024 of a kind, and of no other',
  withBench(async (bench) => {
    const key = (n: number): Uint8Array => new Uint8Array([n >> 8, n & 255]);
    must(bench.papers.put({ kind: 'line', key: KEY, objects: [filled(2)] }));
    for (let n = 0; n < 1024; n++)
      must(bench.papers.put({ kind: 'sale', key: key(n), objects: [filled(1)] }));
    must(bench.papers.put({ kind: 'sale', key: key(0), objects: [filled(9)] }));
    must(bench.papers.put({ kind: 'sale', key: key(1024), objects: [filled(1)] }));
    for (const when of ['before', 'after']) {
      assert.is(bench.papers.all('sale').length, 1024, when);
      assert.is(bench.papers.get('sale', key(1)), undefined, when);
      assert.equal(bench.papers.get('sale', key(0))?.objects, [filled(9)], when);
      assert.is(bench.papers.all('line').length, 1, when);
      await bench.restart();
    }
  }),
);

papers(
  'do not grow without end when one is written again and again',
  withBench(async (bench) => {
    for (let i = 0; i < 5000; i++)
      must(bench.papers.put({ kind: 'line', key: KEY, objects: [filled(i & 255)] }));
    await bench.restart();
    assert.equal(bench.papers.get('line', KEY)?.objects, [filled(4999 & 255)]);
    assert.ok(statSync(join(bench.folder, 'papers.journal')).size < 40_000);
  }),
);

papers('of a directory that is not there are refused', () => {
  const opened = openPapers('/nowhere/papers.journal');
  assert.is(opened.ok ? '' : opened.code, 'storage-failed');
});

papers.run();
