import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { messageIdOf } from '../../broker/settler/bank/runs.ts';
import { checkRunOccasion, type RunOccasion, runName } from '../../broker/settler/ledger/run-name.ts';
import { ROOT } from './parties.ts';

const KINDS = ['payout', 'collection', 'clearing'] as const;
/** `Max35Text` of ISO 20022. */
const MESSAGE_CHARS_MAX = 35;

const names = suite('names of runs');

names('differ in each of what they are made of', () => {
  const occasions: RunOccasion[] = ['2026-11-20', '2026-11-21'].flatMap((period) =>
    [1, 2, 999].flatMap((sequence) => [
      { period, sequence },
      { period, sequence, currency: 'USD' },
    ]),
  );
  const all = KINDS.flatMap((kind) => occasions.map((occasion) => runName(kind, occasion)));
  assert.is(new Set(all).size, KINDS.length * occasions.length);
});

names('are those that databases already hold', () => {
  const euro = { period: '2026-11-20', sequence: 1, currency: 'EUR' };
  assert.is(runName('payout', euro), '2026-11-20-1');
  assert.is(runName('payout', { ...euro, currency: 'USD' }), '2026-11-20-1-USD');
  assert.is(runName('collection', euro), 'C-2026-11-20-1');
});

names('fit into the id of a message to a bank', () => {
  for (const kind of KINDS) {
    const name = runName(kind, { period: '2026-11-20', sequence: 999, currency: 'USD' });
    assert.ok(messageIdOf(ROOT.key, name).length <= MESSAGE_CHARS_MAX, name);
  }
});

names('are of a day of the calendar and a number up to 999', () => {
  const codeOf = (period: string, sequence: number): string => {
    const checked = checkRunOccasion({ period, sequence });
    return checked.ok ? 'ok' : checked.code;
  };
  assert.is(codeOf('2026-11-20', 999), 'ok');
  for (const [period, sequence] of [
    ['2026-02-30', 1],
    ['2026-11-20-1', 1],
    ['2026-11-20', 0],
    ['2026-11-20', 1.5],
    ['2026-11-20', 1000],
  ] as const)
    assert.is(codeOf(period, sequence), 'value-out-of-range', `${period} ${sequence}`);
});
names.run();
