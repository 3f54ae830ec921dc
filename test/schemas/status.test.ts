import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHex, toHex } from '../../schemas/bytes.ts';
import { decodeStatus, encodeStatus, type Status, supersedes } from '../../schemas/status.ts';
import { schemas } from '../cddl/schemas.ts';
import { vectorsOf } from './vectors.ts';

type Good = {
  readonly title: string;
  readonly alive: boolean;
  readonly instance: string;
  readonly sequence: number;
  readonly status: string;
};
type Bad = { readonly title: string; readonly status: string; readonly code: string };
const vectors = vectorsOf<{ readonly good: readonly Good[]; readonly bad: readonly Bad[] }>('status');

const status = suite('Status');

for (const vector of vectors.good) {
  status(`writes and reads ${vector.title}`, () => {
    const value = { alive: vector.alive, instance: fromHex(vector.instance)!, sequence: vector.sequence };
    const bytes = encodeStatus(value);
    assert.is(toHex(bytes), vector.status);
    assert.ok(bytes.length <= 20);
    assert.equal(decodeStatus(bytes), { ok: true, value });
    assert.equal(schemas().validate('status', bytes), { ok: true });
  });
}

for (const vector of vectors.bad) {
  status(`refuses ${vector.title}`, () => {
    const answer = decodeStatus(fromHex(vector.status)!);
    assert.is(answer.ok ? 'read' : answer.code, vector.code);
    assert.not.ok(schemas().validate('status', fromHex(vector.status)!).ok);
  });
}

status.run();

const order = suite('supersedes');
const instance = new Uint8Array(8);

order('leads every reader to the last word, whatever old wills come between', () => {
  const connections = fc.array(fc.nat(5), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(connections, fc.boolean(), fc.infiniteStream(fc.nat(100)), (gaps, ended, chance) => {
      let sequence = 0;
      let held: Status | undefined;
      const late: Status[] = [];
      const read = (said: Status): void => {
        if (held === undefined || supersedes(said, held)) held = said;
      };
      for (const gap of gaps) {
        sequence += 1 + gap;
        read({ alive: true, instance, sequence });
        late.push({ alive: false, instance, sequence });
        // the wills of earlier connections, late, repeated or never
        for (const will of late.slice(0, -1)) if (chance.next().value % 2 === 0) read(will);
      }
      if (ended) read(late.at(-1)!);
      for (const will of late.slice(0, -1)) read(will);
      if (ended) read({ alive: true, instance, sequence }); // a birth that was on its way
      assert.equal(held, { alive: !ended, instance, sequence });
    }),
  );
});

order.run();
