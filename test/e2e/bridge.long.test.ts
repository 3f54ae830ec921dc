/** What a bridge goes through in years: plugs pulled while its agent dies, and lines that talk nonsense for ever. */

import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { HomeThermometer, type Instrument, plugAt, TextInstrument, Thermometer, Uno } from './instruments.ts';
import { offerOf, Trade } from './trade.ts';

const MEASURE_MS = 10;
const READINGS = 120;

const nameOf = ({ config }: Instrument): string => /name: (\w+)/.exec(config)![1]!;

const DEVICES: readonly (readonly [string, (trade: Trade) => Instrument])[] = [
  ['a board of ours', (trade) => new Thermometer(trade)],
  ['a text instrument', (trade) => new TextInstrument(trade)],
  ['a device on MQTT', () => new HomeThermometer()],
  ['a Firmata board', (trade) => new Uno(trade)],
];

const plugs = suite('a plug that is pulled while the agent is killed');

for (const [what, make] of DEVICES) {
  plugs(`of ${what} loses no paid reading and sells none twice`, async () => {
    const trade = await Trade.open();
    const device = make(trade);
    const measuring = setInterval(() => device.measure(), MEASURE_MS);
    try {
      await trade.box();
      await device.plug();
      const sell = [offerOf(nameOf(device), device.sensor)];
      let seller = trade.seller([device.config], sell);
      trade.buyer({ temperature: 'Cel' }, READINGS);
      for (const [moment, first] of [
        [10, 'agent'],
        [40, 'plug'],
        [80, 'agent'],
      ] as const) {
        await trade.bought(moment);
        if (first === 'plug') await device.unplug();
        await seller.end('SIGKILL');
        if (first === 'agent') await device.unplug();
        seller = trade.seller([device.config], sell);
        await seller.said(/ connected: /);
        await device.plug();
      }
      await trade.assertBooks(READINGS);
      const values = trade.values();
      const isConstant = device instanceof Uno;
      assert.is(values.length, READINGS);
      if (!isConstant)
        assert.ok(
          values.every((value, i) => i === 0 || value > values[i - 1]!),
          `${values}`,
        );
    } finally {
      clearInterval(measuring);
      await trade.end();
      await device.unplug();
    }
  });
}
plugs.run();

/** Bytes of any value with line ends, braces and frame ends among them. */
const babble = (): Buffer => {
  const bytes = randomBytes(1500);
  const marks = Buffer.from('\n\r${"\0');
  for (let at = 0; at < bytes.length; at += 97) bytes[at] = marks[at % marks.length]!;
  return bytes;
};

/** In MB (Linux). */
const residentOf = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;

const SETTLE_MS = 30_000;
const BABBLE_MS = 120_000;
/** What a lazy garbage collector may leave lying about; of 17 MB that are said, a leak keeps more. */
const GROWTH_MB_MAX = 16;

const memory = suite('the memory of an agent');

const NOISY: readonly (readonly [string, (trade: Trade) => string])[] = [
  ['frames', (trade) => `{ driver: frames, name: noisy, path: '${trade.path('noisy.tty')}' }`],
  [
    'NMEA 0183',
    (trade) => `{ driver: lines, name: noisy, path: '${trade.path('noisy.tty')}', text: { format: nmea } }`,
  ],
  [
    'JSON lines',
    (trade) =>
      `{ driver: lines, name: noisy, path: '${trade.path('noisy.tty')}', text: { format: json, ` +
      `mapping: [{ field: /t, name: air, kind: temperature, unit: '°C' }] } }`,
  ],
  [
    'Firmata',
    (trade) =>
      `{ driver: firmata, name: noisy, path: '${trade.path('noisy.tty')}', ` +
      `sensors: [{ name: soil, kind: soil, class: Sensor, options: { pin: A0 } }] }`,
  ],
];

for (const [what, configOf] of NOISY) {
  memory(`does not grow while a line of ${what} talks nonsense`, async () => {
    if (!existsSync('/proc/self/status'))
      return console.log('skip: no /proc tells what memory a process has');
    const trade = await Trade.open();
    const pty = await plugAt(trade.path('noisy.tty'));
    const talking = setInterval(() => pty.write(babble()), MEASURE_MS);
    try {
      const { process } = trade.seller([configOf(trade)]);
      await new Promise((settled) => setTimeout(settled, SETTLE_MS));
      const before = residentOf(process.pid!);
      await new Promise((over) => setTimeout(over, BABBLE_MS));
      const after = residentOf(process.pid!);
      assert.ok(after - before < GROWTH_MB_MAX, `${before.toFixed(1)} MB became ${after.toFixed(1)} MB`);
    } finally {
      clearInterval(talking);
      pty.close();
      await trade.end();
    }
  });
}
memory.run();
