/** The payer of the firmware on this machine, in histories of requests, resets and power cuts that nobody thought of. */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Chained, SerialMessage } from '../../schemas/serial.ts';
import { linkAt } from '../../schemas/tick.ts';
import { AS_BEFORE, HostScript } from './host-script.ts';
import { codes, ofType } from './meter-script.ts';
import { buildPayerHost, chain, linksOf, payerMemory, release, turnsFor } from './payer-board.ts';

const DONE = 0;

const host = buildPayerHost();
const payer = suite('payer, whatever happens to it');

type Step =
  | { readonly does: 'chain'; ticks: number; turns: number }
  | { readonly does: 'release'; by: number }
  | { readonly does: 'cut'; nth: number; byte: number }
  | { readonly does: 'reset' }
  | { readonly does: 'turn'; turns: number };

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constant('chain' as const),
      ticks: fc.integer({ min: 1, max: 40 }),
      turns: fc.constantFrom(1, 120),
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({ does: fc.constant('release' as const), by: fc.integer({ min: -1, max: 5 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant('cut' as const),
      nth: fc.integer({ min: 1, max: 9 }),
      byte: fc.nat(AS_BEFORE),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ does: 'reset' as const }) },
  {
    weight: 6,
    arbitrary: fc.record({ does: fc.constant('turn' as const), turns: fc.integer({ min: 1, max: 60 }) }),
  },
);

/** What must hold of everything that a board says, whatever happens to it. */
class Witness {
  #counter = 0;
  /** Of the chain that was told last, until it is gone. */
  #links: Uint8Array | undefined;
  #tick = 0;
  #ticks: number;
  /** The highest index of the chain that anybody asked for. */
  asked: number;
  heard = 0;

  constructor(ticks: number, asked: number) {
    this.#ticks = ticks;
    this.asked = asked;
  }

  /** A new chain is on its way. */
  expect(ticks: number): void {
    this.forget();
    this.#ticks = ticks;
  }

  /** The board started again, or makes another chain: of the old one nothing may follow. */
  forget(): void {
    this.#links = undefined;
    this.#tick = 0;
    this.asked = 0;
  }

  hear(said: readonly SerialMessage[]): void {
    for (const one of said) {
      if (one.type === 'identity') this.forget();
      if (one.type === 'chained') this.#chained(one);
      if (one.type !== 'tick') continue;
      assert.ok(this.#links !== undefined, 'a tick without a chain');
      assert.ok(one.index <= this.asked, `tick ${one.index}, asked for ${this.asked}`);
      assert.ok(one.index >= this.#tick, `tick ${one.index} after ${this.#tick}`);
      assert.equal(one.x, linkAt(this.#links!, one.index));
      this.#tick = one.index;
      this.heard++;
    }
  }

  #chained({ counter, anchor }: Chained): void {
    const links = linksOf(1, counter, this.#ticks);
    assert.equal(anchor, linkAt(links, 0));
    const again = this.#links !== undefined && counter === this.#counter;
    assert.ok(again || counter > this.#counter, `chain ${counter} after ${this.#counter}`);
    this.#counter = counter;
    this.#links = links;
  }
}

/** Writes a step down; each lets time pass, so that steps and answers pair up. */
const enact = (script: HostScript, step: Step, id: number, index: number): void => {
  if (step.does === 'chain') script.send(chain(id, step.ticks));
  else if (step.does === 'release') script.send(release(id, index));
  else if (step.does === 'cut') script.cut(step.nth, step.byte);
  else if (step.does === 'reset') script.reset();
  script.turn('turns' in step ? step.turns : 1);
};

/** The index that each step asks for, if it is a release: a little above the one before. */
const indicesOf = (history: readonly Step[]): number[] => {
  let index = 0;
  return history.map((step) => {
    if (step.does === 'release') index = Math.max(1, index + step.by);
    else if (step.does === 'chain' || step.does === 'reset') index = 0;
    return index;
  });
};

/** Plays a history, and judges it. Whatever it was, afterwards the board makes a chain. */
const live = (history: readonly Step[]): Witness => {
  const script = new HostScript().power(0, payerMemory(0));
  const indices = indicesOf(history);
  for (const [i, step] of history.entries()) enact(script, step, i, indices[i]!);
  const said = script.reset().send(chain(history.length, 1)).turn(turnsFor(1)).play(host!);
  const witness = new Witness(0, 0);
  for (const [i, step] of history.entries()) {
    if (step.does === 'reset') witness.forget();
    if (step.does === 'chain' && codes(said[i]!).includes(DONE)) witness.expect(step.ticks);
    if (step.does === 'release') witness.asked = Math.max(witness.asked, indices[i]!);
    witness.hear(said[i]!);
  }
  witness.expect(1);
  witness.hear(said.at(-1)!);
  assert.is(ofType(said.at(-1)!, 'chained').length, 1);
  return witness;
};

if (host !== undefined) {
  payer('keeps its promises in any history, and can always go on', () => {
    let ticks = 0;
    fc.assert(
      fc.property(fc.array(steps, { minLength: 20, maxLength: 80, size: 'max' }), (history) => {
        ticks += live(history).heard;
      }),
      { numRuns: 100 },
    );
    assert.ok(ticks > 150, `only ${ticks} ticks in all: the histories prove little`);
  });
}

payer('has a witness who notices', () => {
  const links = linksOf(1, 1, 4);
  const chained: Chained = { type: 'chained', id: 1, counter: 1, anchor: linkAt(links, 0) };
  const tick = (index: number): SerialMessage => ({ type: 'tick', seq16: 1, index, x: linkAt(links, index) });
  const objection = (said: readonly SerialMessage[], witness = new Witness(4, 2)): string => {
    try {
      witness.hear(said);
      return 'none';
    } catch (error) {
      return (error as Error).message;
    }
  };
  assert.is(objection([chained, tick(1), tick(2), chained, tick(2)]), 'none');
  assert.match(objection([tick(1)]), 'without a chain');
  assert.match(objection([chained, tick(3)]), 'asked for 2');
  assert.match(objection([chained, tick(2), tick(1)]), 'tick 1 after 2');
  assert.match(objection([{ ...chained, anchor: linkAt(links, 1) }]), 'deeply equal');
  const twice = new Witness(4, 2);
  assert.is(objection([chained], twice), 'none');
  twice.forget();
  assert.match(objection([chained], twice), 'chain 1 after 1');
});

payer.after(() => host?.remove());
payer.run();
