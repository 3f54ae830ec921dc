/** Books that may differ: how much is excused, and what is still told. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { OpenGap } from '../../broker/settler/backup/stale.ts';
import { toHex } from '../../schemas/bytes.ts';
import { excessInBooks } from './books.ts';
import type { Economy } from './economy.ts';
import { DEFAULTS, type SimOptions } from './options.ts';
import { givenUp } from './repair.ts';
import { simulate } from './simulate.ts';
import { failureText } from './summary.ts';

/** The economy at the end of a run that breaks nothing. */
const endOf = async (change: Partial<SimOptions>): Promise<Economy> => {
  const options: SimOptions = { ...DEFAULTS, faults: 'heavy', ...change };
  let economy: Economy | undefined;
  const { failure } = await simulate(options, (running) => {
    economy = running;
  });
  if (failure !== null) assert.unreachable(failureText(failure, options));
  return economy!;
};

const books = suite('books that may differ');

books(
  'a copy put back after the buyer has both signatures costs what it lacks, before that a window',
  async () => {
    // The settler is down while a lease ends: the newest of what was paid is not claimed. Then the seller's
    // disk is put back to three quarters, and its buyer is gone.
    const chosen = { only: new Set([48, 50]), without: new Set([0, 3, 4]) };
    const { trades } = await endOf({ seed: 'long 11', days: 1, parties: 6, ...chosen });
    const [lost] = trades.filter(({ lackedNano }) => lackedNano > 0);
    assert.is(lost?.lackedNano, 10_602_444);
    assert.is(excessInBooks(lost!), null);
    lost!.isAgreed = false;
    assert.match(
      excessInBooks(lost!) ?? '',
      /10602444 nano were released and not claimed, the window is 7068296/,
    );
  },
);

books('are given up where evidence was on a disk that is no more, and nobody repeats it', async () => {
  const chosen = { only: new Set([48, 50]), without: new Set([0, 3, 4]) };
  const { trades } = await endOf({ seed: 'long 11', days: 1, parties: 6, ...chosen });
  const lost = trades.find(({ lackedNano }) => lackedNano > 0)!;
  const { id } = lost.sale!.channel!;
  const gap = (paidNano: number, missing?: string): OpenGap => {
    const receipt = { issuedS: 0, paidNano, limitNano: paidNano, final: false, journalIndex: 9 };
    const row = { channel: id, paidNano, journalIndex: 9, bytes: new Uint8Array(0) };
    return { gap: row, receipt, channel: undefined, missing };
  };
  const namesOf = (open: OpenGap): readonly string[] => givenUp(() => lost, [open]);
  const { verifiedNano } = lost.sale!;
  const onceNano = verifiedNano + lost.lackedNano;
  assert.equal(namesOf(gap(onceNano)), [], 'nothing is missing');
  assert.equal(namesOf(gap(verifiedNano, 'evidence')), [], 'the seller holds it');
  assert.equal(namesOf(gap(onceNano + 1, 'evidence')), [], 'the seller never held it');
  lost.isAgreed = false;
  assert.equal(namesOf(gap(onceNano, 'evidence')), [], 'the buyer repeats it');
  lost.isAgreed = true;
  assert.is(lost.isGivenUp, false);
  assert.equal(namesOf(gap(onceNano, 'evidence')), [toHex(id)]);
  assert.is(lost.isGivenUp, true);
});

books.run();
