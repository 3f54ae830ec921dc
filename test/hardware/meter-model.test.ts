/** The meter of a chip, compiled for this machine, against a model of it: any sequence of what may happen. */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Install, MeterState } from '../../schemas/serial.ts';
import { crypto } from '../vectors/parties.ts';
import type { HostScript } from './host-script.ts';
import { MeterModel } from './meter-model.ts';
import {
  buildMeterHost,
  type Chain,
  chainOf,
  codes,
  forgedInstall,
  forgedTick,
  INSTALL_TURNS,
  KEY,
  metered,
  ofType,
  RECORD_TURNS,
  sold,
  type Terms,
  tickOf,
  turnsFor,
} from './meter-script.ts';

const FAULT_TICK = 9;
/** Faults are told once a second. */
const FAULT_TURNS = 1010;

const host = buildMeterHost();

/** What may happen to a meter; `played` makes messages of it. `back`: with the chain so many before the newest. */
type Act =
  | {
      readonly act: 'install';
      readonly step: number;
      readonly forged: boolean;
      readonly terms: Omit<Terms, 'number'>;
    }
  | { readonly act: 'tick'; readonly back: number; readonly index: number; readonly forged: boolean }
  | { readonly act: 'again'; readonly back: number }
  | { readonly act: 'reset' };

const rarely = fc.constantFrom(false, false, false, true);
const installs = fc.record({
  act: fc.constant('install' as const),
  step: fc.integer({ min: -1, max: 70_000 }),
  forged: rarely,
  terms: fc.record({
    channel: fc.integer({ min: 1, max: 2 }),
    seq: fc.constantFrom(1, 2, 65_537, 4_294_967_295),
    ticks: fc.integer({ min: 1, max: 70 }),
    base: fc.integer({ min: 0, max: 40 }),
    window: fc.integer({ min: 1, max: 20 }),
  }),
});
const ticks = fc.record({
  act: fc.constant('tick' as const),
  back: fc.constantFrom(0, 0, 0, 1),
  index: fc.integer({ min: 1, max: 72 }),
  forged: rarely,
});
const again = fc.record({ act: fc.constant('again' as const), back: fc.integer({ min: 0, max: 1 }) });
const acts: fc.Arbitrary<Act> = fc.oneof(
  { weight: 3, arbitrary: installs },
  { weight: 6, arbitrary: ticks },
  { weight: 1, arbitrary: again },
  { weight: 2, arbitrary: fc.constant({ act: 'reset' as const }) },
);

/** A tick far ahead is told when it is on record: some of its readings may have been delivered by then. */
type Told = Pick<MeterState, 'number' | 'seq' | 'index'> & { readonly most: number };
const told = ({ number, seq, index, delivered, room }: MeterState): Told => ({
  number,
  seq,
  index,
  most: delivered + room,
});

/** Of one step. */
type Expected = {
  readonly code: number | undefined;
  readonly state: Told | undefined;
  readonly sold: number;
};

const played = (run: readonly Act[]): { script: HostScript; expected: Expected[]; bad: number } => {
  const model = new MeterModel(crypto.sha256, KEY);
  const script = metered().hello().turn(5);
  const expected: Expected[] = [{ code: undefined, state: told(model.state), sold: 0 }];
  const chains: Chain[] = [chainOf({ number: 100, channel: 1, seq: 1, ticks: 50, base: 3, window: 5 })];
  let bad = 0;
  const step = (code: number | undefined, answered: boolean): void => {
    const state = answered ? told(model.state) : undefined;
    const room = model.deliver();
    script.turn(INSTALL_TURNS + turnsFor(room));
    expected.push({ code, state, sold: room });
  };
  const install = (chain: Chain, message: Install): void => {
    script.send(message);
    const code = model.install(message);
    step(code, code === 0);
    if (!chains.includes(chain)) chains.unshift(chain);
  };
  install(chains[0]!, chains[0]!.install);
  for (const one of run) {
    const chain = chains[Math.min('back' in one ? one.back : 0, chains.length - 1)]!;
    if (one.act === 'reset') {
      model.reset();
      bad = 0;
      script.reset().turn(RECORD_TURNS);
      expected.push({ code: undefined, state: told(model.state), sold: 0 });
      script.hello();
      step(undefined, true);
    } else if (one.act === 'tick') {
      const tick = one.forged ? forgedTick(tickOf(chain, one.index)) : tickOf(chain, one.index);
      script.send(tick);
      if (model.tick(tick)) bad++;
      step(undefined, true);
    } else if (one.act === 'again') {
      install(chain, chain.install);
    } else {
      const number = Math.max(0, chains[0]!.install.number + one.step);
      const next = chainOf({ ...one.terms, number });
      install(next, one.forged ? forgedInstall(next) : next.install);
    }
  }
  script.hello().turn(FAULT_TURNS);
  expected.push({ code: undefined, state: told(model.state), sold: 0 });
  return { script, expected, bad };
};

const meter = suite('model of a meter');

if (host !== undefined) {
  meter.after(host.remove);

  meter('does what its model does, whatever happens to it', () => {
    const runs = fc.sample(fc.array(acts, { minLength: 5, maxLength: 25 }), 120);
    for (const run of runs) {
      const { script, expected, bad } = played(run);
      const said = script.play(host);
      const found = said.map((step): Expected => {
        const state = ofType(step, 'meter').at(-1);
        return { code: codes(step)[0], state: state && told(state), sold: sold(step) };
      });
      const fault = ofType(said.at(-1)!, 'fault').find((one) => one.fault === FAULT_TICK);
      assert.is(fault?.count ?? 0, bad, JSON.stringify(run));
      assert.equal(found, expected, JSON.stringify(run));
    }
  });
}

meter.run();
