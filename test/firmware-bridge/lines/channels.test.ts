import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Channels } from '../../../firmware-bridge/lines/channels.ts';
import { DecimalScanner } from '../../../firmware-bridge/lines/decimal-scanner.ts';
import type { Quantity } from '../../../firmware-bridge/lines/format.ts';
import { CELSIUS, FAHRENHEIT } from '../../../firmware-bridge/lines/units.ts';

const AIR: Quantity = { name: 'air', kind: 'temperature', unit: 'Cel', exponent: -1, min: -500, max: 600 };
const WATER: Quantity = { ...AIR, name: 'water' };

class Told {
  readonly log: string[] = [];
  readonly channels: Channels;

  constructor(...quantities: Quantity[]) {
    this.channels = new Channels(quantities, {
      onValue: () => {},
      onReading: ({ channel, seq, mantissa, exponent }) =>
        this.log.push(`${channel}#${seq}: ${mantissa}e${exponent}`),
      onNew: () => this.log.push(`new ${this.channels.capabilities.at(-1)!.name}`),
      onRefused: ({ code, detail }) => this.log.push(`${code}: ${detail}`),
    });
  }

  tell(quantity: Quantity, text: string, options: { atMs?: number; source?: number } = {}): void {
    const number = new DecimalScanner();
    assert.ok(number.scan(Buffer.from(text), 0, text.length));
    this.channels.nowMs = options.atMs ?? this.channels.nowMs;
    this.channels.measure(quantity, number, CELSIUS, options.source ?? 0);
  }

  /** How many of the readings at these times are told. */
  count(timesMs: readonly number[]): number {
    const before = this.log.length;
    for (const atMs of timesMs) this.tell(AIR, '20', { atMs });
    return this.log.length - before;
  }
}

const channels = suite('Channels');

channels('tells of a capability before its first reading, and numbers each by itself', () => {
  const told = new Told();
  told.tell(AIR, '21.5');
  told.tell(WATER, '9');
  told.tell(AIR, '21.6');
  assert.equal(told.log, ['new air', '0#0: 215e-1', 'new water', '1#0: 90e-1', '0#1: 216e-1']);
  assert.equal(told.channels.capabilities[1], {
    ...{ channel: 1, name: 'water', kind: 'temperature', unit: 'Cel', exponent: -1 },
    ...{ direction: 'sensor', periodMs: 0 },
  });
});

channels('has what is configured at once', () => {
  const told = new Told(AIR);
  assert.is(told.channels.capabilities.length, 1);
  told.tell(AIR, '21.5');
  assert.equal(told.log, ['0#0: 215e-1']);
});

channels('refuses what is not plausible, with the range', () => {
  const told = new Told(AIR);
  told.tell(AIR, '60.04');
  told.tell(AIR, '60.06');
  told.tell(AIR, '9e30');
  assert.equal(told.log, [
    '0#0: 600e-1',
    'value-out-of-range: air is 60.1 Cel, not from -50 to 60',
    'value-out-of-range: air is 9e30 as written, not from -50 to 60',
  ]);
});

channels('hears a quantity from one kind of line, until that one is silent for 10 s', () => {
  const told = new Told(AIR);
  told.tell(AIR, '1', { atMs: 0, source: 1 });
  told.tell(AIR, '2', { atMs: 1, source: 2 });
  told.tell(AIR, '3', { atMs: 9000, source: 1 });
  told.tell(AIR, '4', { atMs: 18_999, source: 2 });
  told.tell(AIR, '5', { atMs: 19_000, source: 2 });
  told.tell(AIR, '6', { atMs: 19_001, source: 1 });
  assert.equal(told.log, ['0#0: 10e-1', '0#1: 30e-1', '0#2: 50e-1']);
});

channels('has at most 64, and refuses the next by its name', () => {
  const told = new Told();
  for (let i = 0; i < 65; i++) told.tell({ ...AIR, name: `t${i}` }, '1');
  assert.is(told.channels.capabilities.length, 64);
  assert.match(told.log.at(-1)!, /^busy: t64 is one more than the 64 capabilities/);
});

channels('thins to one reading in a period, by an instrument that trembles as well', () => {
  const told = new Told(AIR);
  assert.ok(told.channels.setPeriod(0, 1000).ok);
  assert.is(told.channels.capabilities[0]!.periodMs, 1000);
  assert.is(told.count(Array.from({ length: 101 }, (_, i) => i * 100)), 11);
  assert.is(told.count(Array.from({ length: 100 }, (_, i) => 11_000 + 1000 * i + 40 * (i % 2))), 100);
});

channels('stops at a period of 0, goes on at another, and leaves no gap in the sequence', () => {
  const told = new Told(AIR);
  assert.is(told.count([0, 1]), 2);
  assert.ok(told.channels.setPeriod(0, 0).ok);
  assert.is(told.count([2, 3]), 0);
  assert.ok(told.channels.setPeriod(0, 1).ok);
  assert.is(told.count([4, 5]), 2);
  assert.is(told.log.at(-1), '0#3: 200e-1');
});

channels('says why a period cannot be set', () => {
  const told = new Told(AIR);
  const refusal = (channel: number, periodMs: number): string => {
    const answer = told.channels.setPeriod(channel, periodMs);
    return answer.ok ? 'accepted' : `${answer.code}: ${answer.detail}`;
  };
  assert.match(refusal(1, 10), /^channel-unknown: the instrument has no sensor 1, it has 0 to 0/);
  for (const period of [-1, 0.5, Number.NaN, 86_400_001])
    assert.match(refusal(0, period), /^value-out-of-range: a period is a whole number from 0 to 86400000 ms/);
});

channels('converts before it compares', () => {
  const told = new Told(AIR);
  const number = new DecimalScanner();
  number.scan(Buffer.from('140'), 0, 3);
  told.channels.measure(AIR, number, FAHRENHEIT, 0);
  assert.equal(told.log, ['0#0: 600e-1']);
});

channels.run();
