/** A Firmata board in an agent: as its configuration names it, and as its readings are sold. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SHAPE_FIRMATA } from '../../../agent/drivers/firmata.ts';
import { printExample, readConfig } from '../../../agent/host/config-file.ts';
import { s } from '../../../agent/host/shape.ts';
import type { Device } from '../../../firmware-bridge/device.ts';
import { openFirmata } from '../../../firmware-bridge/firmata.ts';
import { chipPeer, PeerBinding } from '../../../hardware/bench/binding.ts';
import { buildFirmata } from '../../../hardware/bench/boards.ts';
import { Watch } from '../../firmware-bridge/watch.ts';
import { programOf } from '../../hardware/board.ts';
import { until } from '../../wait.ts';
import { assertBooks, assertBought, hasSettled, isDone } from '../books.ts';
import { demand, Market, offer, taken } from '../market.ts';

const SELLER = 1;
const BUYER = 2;
const SPEED = 5;
const STEPS = 1024;

const SHAPE = s.object(SHAPE_FIRMATA, { about: 'A board' });
const read = (text: string) => readConfig('agent.yaml', text, SHAPE);

const shape = suite('SHAPE_FIRMATA');

shape('accepts the example it prints', () => {
  const file = read(printExample(SHAPE));
  assert.ok(file.ok, file.ok ? '' : file.detail);
});

shape('takes the options of a class as they are written', () => {
  const file = read(`path: /dev/ttyACM0
sensors:
  - name: outdoor
    kind: temperature
    class: Thermometer
    options: { pin: A0, controller: TMP36, invert: false, address: 0x76, freq: 12.5, pins: [2, '3'], deep: { x: a } }
outputs:
  - { name: lamp, kind: lamp, class: Led, options: { pin: 13 }, values: ['off', 'on'] }
`);
  assert.ok(file.ok, file.ok ? '' : file.detail);
  assert.is(file.value.baudRate, 57_600);
  assert.is(file.value.sensors[0]!.periodMs, 1000);
  assert.equal(file.value.sensors[0]!.options, {
    ...{ pin: 'A0', controller: 'TMP36', invert: false, address: 0x76, freq: 12.5 },
    ...{ pins: [2, 3], deep: { x: 'a' } },
  });
  assert.equal(file.value.outputs[0]!.values, ['off', 'on']);
});

shape('accepts what the README shows', () => {
  const readme = readFileSync(new URL('../../../firmware-bridge/firmata/README.md', import.meta.url), 'utf8');
  const example = readme.slice(readme.indexOf('- driver: firmata'));
  const lines = example.slice(0, example.indexOf('\n\n')).split('\n').slice(2);
  const file = read(lines.map((line) => line.slice(8)).join('\n'));
  assert.ok(file.ok, file.ok ? '' : file.detail);
  assert.equal(
    [...file.value.sensors, ...file.value.outputs].map(({ name }) => name),
    ['outdoor', 'indoor', 'damp', 'door', 'lamp', 'vent'],
  );
});

for (const [what, line, sentence] of [
  ['a class that can be none', 'class: led', /class must be a class such as Thermometer/],
  [
    'options that are none',
    'class: Led, options: 13',
    /options must be options such as { pin: A0 }, not "13"/,
  ],
  [
    'options without a bottom',
    'class: Led, options: {a: {a: {a: {a: {a: {a: 1}}}}}}',
    /is deeper than any option/,
  ],
  ['a key that is near one', 'class: Led, optoins: {}', /did you mean "options"/],
] as const) {
  shape(`refuses ${what} at its line`, () => {
    const file = read(`path: x\noutputs:\n  - { name: lamp, kind: lamp, ${line} }\n`);
    assert.ok(!file.ok && file.code === 'config-invalid');
    assert.match(file.detail, /agent\.yaml:3:/);
    assert.match(file.detail, sentence);
  });
}

/** Each conversion is a step above the one before, or the first after the last: what is sold twice goes back. */
class RisingBoard {
  readonly binding = new PeerBinding();
  #conversions = 0;

  plug(): void {
    const program = programOf('firmata');
    const analog = (): number => (((this.#conversions++ % STEPS) + 0.5) * 5) / STEPS;
    this.binding.plug(
      'uno',
      chipPeer((onSend) => buildFirmata({ program, onSend, onPin: () => {}, analog }), SPEED),
    );
  }

  async open(): Promise<Device> {
    const outdoor = { name: 'temperature', kind: 'temperature', class: 'Sensor', options: { pin: 'A0' } };
    return taken(
      await openFirmata({
        path: 'uno',
        binding: this.binding,
        sensors: [{ ...outdoor, unit: 'Cel', periodMs: 20 }],
        outputs: [],
        timing: { hello: 20 },
        backoff: { first: 10, max: 20 },
      }),
    );
  }
}

const sale = suite('a sale from a Firmata board');

sale('loses no paid reading and sells none twice when it is unplugged in the middle', async () => {
  const market = await new Market().open();
  try {
    await market.deposit(BUYER, 10_000_000_000n);
    const board = new RisingBoard();
    board.plug();
    const device = await board.open();
    const watch = new Watch(device);
    const drivers = { board: async () => ({ ok: true as const, value: device }) };
    const seller = await market.start({ seed: SELLER, drivers, sell: [offer()] });
    const buyer = await market.start({ seed: BUYER, buy: [demand()] });
    await until(() => buyer.bought.length >= 10);
    board.binding.unplug('uno');
    await watch.until(() => !device.online);
    assert.ok(!isDone(buyer), 'the lease is over before the board was gone');
    board.plug();
    await watch.until(() => device.online);
    await until(() => isDone(buyer) && hasSettled(seller, 1));
    assertBought(buyer, 40);
    const values = buyer.bought.map(({ text }) => Number(text));
    const steps = values.slice(1).map((value, i) => (value - values[i]! + STEPS) % STEPS);
    assert.ok(
      steps.every((step) => step > 0 && step < STEPS / 2),
      `not every value is newer than the one before: ${values}`,
    );
    const measured = new Set(watch.readings.map(({ mantissa }) => mantissa));
    assert.ok(values.every((value) => measured.has(value)));
    assert.is(device.health.reconnects, 1);
    await assertBooks(market, seller, buyer);
  } finally {
    await market.close();
  }
});

shape.run();
try {
  createRequire(import.meta.url).resolve('johnny-five');
  sale.run();
} catch {
  console.log('skip: johnny-five is not installed (npm install)');
}
