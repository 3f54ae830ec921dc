/** The two-wire bus of the Firmata firmware, executed: what a host asks for is what happens on the wires. */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { TwiDevice } from '../../hardware/bench/chip.ts';
import { Notebook } from './notebook.ts';
import { Uno } from './uno.ts';

const BME280 = 0x76;
const DEVICE = 0x40;
const ABSENT = 0x23;
const WATCHED = 8;
const CLOCK = 'PC5';
const DATA = 'PC4';

const WRITE = 0x00;
const READ = 0x08;
const WATCH = 0x10;
const STOP = 0x18;
const RESTART = 0x40;

const VERSION = [0xf9];
const VERSION_TOLD = 'f90205';

const sysex = (...bytes: number[]): number[] => [0xf0, ...bytes, 0xf7];
const pairs = (bytes: readonly number[]): number[] => bytes.flatMap((byte) => [byte & 127, byte >> 7]);
const config = (us = 0): number[] => sysex(0x78, ...pairs([us]));
const request = (address: number, flags: number, ...numbers: number[]): number[] =>
  sysex(0x76, address, flags, ...pairs(numbers));
const replyOf = (address: number, register: number, bytes: readonly number[]): string =>
  Buffer.from(sysex(0x77, ...pairs([address, register, ...bytes]))).toString('hex');
const textOf = (sentence: string): string =>
  Buffer.from(sysex(0x71, ...pairs([...Buffer.from(sentence)]))).toString('hex');
const times = (text: string, part: string): number => text.split(part).length - 1;

const TROUBLE = {
  silent: (address: number) => textOf(`no answer on the two-wire bus from 0x${address.toString(16)}`),
  broken: textOf(`the two-wire bus broke off at 0x${DEVICE.toString(16)}`),
  stuck: textOf('SDA (A4) or SCL (A5) is held low'),
  off: textOf('the two-wire bus is not configured'),
  wide: textOf('ten-bit addresses are not known'),
  length: textOf('1 to 32 bytes are read at once'),
  many: textOf('eight continuous reads at most'),
  long: textOf('a message was too long'),
};

/** An Uno with a device at 0x40 and a BME280, its bus configured. */
const wired = (us?: number): { uno: Uno; device: Notebook; devices: Map<number, TwiDevice> } => {
  const device = new Notebook(() => uno.chip.nowMs);
  const devices = new Map<number, TwiDevice>([[DEVICE, device]]);
  const uno: Uno = new Uno(() => {}, devices).boot();
  uno.ask(config(us));
  return { uno, device, devices };
};

const bus = suite('firmata, two-wire bus');

bus('reads a register of a sensor', () => {
  const { uno } = wired();
  assert.is(uno.ask(request(BME280, READ, 0xd0, 1)), replyOf(BME280, 0xd0, [0x60]));
  assert.match(uno.ask(request(BME280, READ, 0x88, 24)), /^f0777600080170006b00(?:0[01]|..){44}f7$/);
});

bus('writes, and reads what has no register', () => {
  const { uno, device } = wired();
  device.bytes = [1, 0x80, 0xff];
  assert.is(uno.ask(request(DEVICE, WRITE, 0x2c, 0xff, 0)), '');
  assert.is(uno.ask(request(DEVICE, READ, 3)), replyOf(DEVICE, 0, [1, 0x80, 0xff]));
  assert.is(device.text, 'W 2c ff 00 . R .');
});

bus('finds out whether a device is there by writing nothing', () => {
  const { uno, device } = wired();
  assert.is(uno.ask(request(DEVICE, WRITE)), '');
  assert.is(device.text, 'W .');
  assert.is(uno.ask(request(ABSENT, WRITE)), TROUBLE.silent(ABSENT));
});

bus('stops between register and reading, or starts again without where that is asked for', () => {
  const { uno, device } = wired();
  uno.ask(request(DEVICE, READ, 0x0c, 2));
  uno.ask(request(DEVICE, READ | RESTART, 0x0c, 2));
  assert.is(device.text, 'W 0c . R . W 0c R .');
});

bus('sends a register above 255 as two bytes, the high one first', () => {
  const { uno, device } = wired();
  device.bytes = [7];
  assert.is(uno.ask(request(DEVICE, READ, 0x2a5b, 1)), replyOf(DEVICE, 0x2a5b, [7]));
  assert.is(device.text, 'W 2a 5b . R .');
});

bus('waits for as long as it was configured, and at least as long', () => {
  const paused = (us?: number): number => {
    const { uno, device } = wired(us);
    uno.ask(request(DEVICE, READ, 1, 1));
    const [written, read] = ['01', 'R'].map((what) => device.notes.find((note) => note.what === what)!.atMs);
    return read! - written!;
  };
  assert.ok(paused() < 1);
  for (const us of [1, 1000, 5000, 16_383]) {
    const ms = paused(us);
    assert.ok(ms >= us / 1000 && ms < us / 1000 + 4, `${us} us took ${ms} ms`);
  }
});

bus('takes the pause in bytes of eight bits, as firmata-io writes it, and 0 leaves it', () => {
  const { uno, device } = wired();
  for (const bytes of [
    [0x50, 0xc3],
    [0, 0],
  ])
    uno.ask(sysex(0x78, ...bytes));
  uno.ask(request(DEVICE, READ, 1, 1));
  const ms = device.notes.find(({ what }) => what === 'R')!.atMs - device.notes[1]!.atMs;
  assert.ok(ms >= 25 && ms < 30, `${ms}`);
  uno.ask(sysex(0x78, 0xff, 0xff)); // no reset
  uno.ask(request(DEVICE, WRITE, 1));
  assert.is(device.text, 'W 01 . R . W 01 .');
});

bus('says in words what it cannot do, and replies nothing', () => {
  const { uno, device } = wired();
  assert.is(new Uno().boot().ask(request(DEVICE, READ, 0, 1)), TROUBLE.off);
  assert.is(uno.ask(request(DEVICE, READ | 0x20, 0, 1)), TROUBLE.wide);
  for (const count of [0, 33, 0x81]) assert.is(uno.ask(request(DEVICE, READ, 0, count)), TROUBLE.length);
  assert.is(uno.ask(request(DEVICE, WRITE, ...Array(33).fill(1))), TROUBLE.long);
  for (const odd of [[], [DEVICE], [DEVICE, READ], [DEVICE, READ, 1], [DEVICE, WATCH, 0, 0, 1, 0, 1, 0]])
    assert.is(uno.ask(sysex(0x76, ...odd)), '');
  assert.is(device.text, '');
  assert.is(uno.ask(request(DEVICE, WRITE, ...Array(32).fill(1))), '');
  assert.is(times(device.text, '01'), 32);
});

bus('names the address at which nothing answers, each time, and goes on', () => {
  const { uno, device } = wired();
  for (let i = 0; i < 3; i++) assert.is(uno.ask(request(ABSENT, READ, 0, 6)), TROUBLE.silent(ABSENT));
  assert.is(uno.ask(request(ABSENT, READ, 6)), TROUBLE.silent(ABSENT));
  device.room = 1;
  assert.is(uno.ask(request(DEVICE, WRITE, 1, 2, 3)), TROUBLE.broken, 'it does not take the second');
  assert.is(device.text, 'W 01 02 .');
  device.room = 9;
  assert.is(uno.ask(request(DEVICE, READ, 0, 1)), replyOf(DEVICE, 0, [0]));
});

bus('reads again every sampling interval, until it is told to stop', () => {
  const { uno, device } = wired();
  const id = replyOf(BME280, 0xd0, [0x60]);
  device.bytes = [5];
  const said = uno.ask([...request(BME280, WATCH, 0xd0, 1), ...request(DEVICE, WATCH, 1)], 200);
  for (const reply of [id, replyOf(DEVICE, 0, [5])])
    assert.ok([9, 10, 11].includes(times(said, reply)), said);
  const slow = uno.ask([...sysex(0x7a, 100, 0), ...request(BME280, WATCH, 0xd0, 1)], 1000);
  assert.ok([9, 10, 11].includes(times(slow, id)), 'asked for twice it is read once');
  uno.ask(request(BME280, STOP));
  assert.match(uno.ask([], 500), new RegExp(`^(${replyOf(DEVICE, 0, [5])}){4,6}$`));
  uno.ask([0xff]);
  assert.is(uno.ask([], 300), '');
});

bus('reads eight things again and again, in turn, and says that there is no place for a ninth', () => {
  const { uno } = wired();
  const registers = Array.from({ length: WATCHED }, (_, i) => 0x88 + i);
  const wishes = registers.flatMap((register) => request(BME280, WATCH, register, 24));
  const full = uno.ask(wishes, 2000);
  const counts = registers.map((register) => times(full, replyOf(BME280, register, []).slice(0, 12)));
  // 440 bytes every 19 ms are four times what the line carries.
  assert.ok(Math.min(...counts) >= 20 && Math.max(...counts) - Math.min(...counts) <= 2, `${counts}`);
  const more = uno.ask(request(DEVICE, WATCH, 0, 1), 500);
  assert.ok(more.includes(TROUBLE.many));
  assert.not.ok(more.includes(replyOf(DEVICE, 0, [0])));
  uno.ask(request(BME280, STOP), 100);
  assert.is(uno.ask([], 100), '');
  assert.ok(uno.ask(request(DEVICE, WATCH, 0, 1)).includes(replyOf(DEVICE, 0, [0])));
});

bus('tells once of a watched device that is gone, and reads it when it is back', () => {
  const { uno, device, devices } = wired();
  const reply = replyOf(DEVICE, 7, [9]);
  device.bytes = [9];
  assert.ok(times(uno.ask(request(DEVICE, WATCH, 7, 1), 100), reply) >= 3);
  devices.delete(DEVICE);
  const gone = uno.ask([], 500).replaceAll(reply, '');
  assert.is(gone, TROUBLE.silent(DEVICE));
  devices.set(DEVICE, device);
  assert.ok(times(uno.ask([], 100), reply) >= 3);
  devices.delete(DEVICE);
  assert.is(uno.ask([], 500).replaceAll(reply, ''), TROUBLE.silent(DEVICE));
});

bus('answers requests that come faster than the bus, each and in their order', () => {
  const { uno } = wired();
  const registers = Array.from({ length: 16 }, (_, i) => 0x88 + i);
  const wanted = registers.map((register) => replyOf(BME280, register, []).slice(0, 12));
  const said = uno.ask(
    [...registers.flatMap((register) => request(BME280, READ, register, 8)), ...VERSION],
    300,
  );
  const heads = said.match(/f077.{8}(?=.{32}f7)/g);
  assert.equal(heads, wanted);
  assert.ok(said.endsWith(VERSION_TOLD), 'what comes behind waits too');
});

bus('does one thing after the other: what is behind a request waits for it', () => {
  const { uno, device } = wired();
  device.stretchedMs = 50;
  device.bytes = [1];
  const said = uno.ask([...request(DEVICE, READ, 0xe3, 1), ...VERSION, 0xf4, 13, 1, 0xf5, 13, 1], 40);
  assert.is(said, '');
  assert.equal(uno.edges, []);
  assert.match(uno.ask([]), new RegExp(`${replyOf(DEVICE, 0xe3, [1])}${VERSION_TOLD}`));
  assert.equal(uno.levels('PB5'), [1]);
});

bus('lets a device hold the clock while it measures, and serves line and pins meanwhile', () => {
  const { uno, device } = wired();
  device.stretchedMs = 85;
  device.bytes = [0x66, 0x4c];
  uno.volts[0] = 2.5;
  const meanwhile = uno.ask([...request(DEVICE, WATCH, 0xe3, 2), 0xc0, 1, 0xf9], 80);
  assert.ok(meanwhile.includes(VERSION_TOLD) && times(meanwhile, 'e00004') >= 3, meanwhile);
  assert.ok(uno.ask([]).includes(replyOf(DEVICE, 0xe3, [0x66, 0x4c])));
});

bus('gives up a device that holds the clock for ever, and reads the next', () => {
  const { uno, device } = wired();
  device.stretchedMs = 400;
  assert.is(uno.ask(request(DEVICE, READ, 0, 1), 200), TROUBLE.broken);
  assert.is(uno.ask(request(BME280, READ, 0xd0, 1)), TROUBLE.stuck);
  uno.chip.runMs(250);
  assert.is(uno.ask(request(BME280, READ, 0xd0, 1)), replyOf(BME280, 0xd0, [0x60]));
});

for (const line of [DATA, CLOCK] as const) {
  bus(`says that ${line} is held low, at once, and works when it is let go`, () => {
    const { uno } = wired();
    uno.chip.drive(line, 0);
    assert.is(uno.ask(request(BME280, READ, 0xd0, 1)), TROUBLE.stuck);
    assert.is(uno.ask(VERSION), VERSION_TOLD);
    uno.chip.drive(line, null);
    assert.is(uno.ask(request(BME280, READ, 0xd0, 1)), replyOf(BME280, 0xd0, [0x60]));
  });
}

bus('clocks out what is left of a byte in the middle of which a device was left', () => {
  const clocksUntil = (released: number): { clocks: number; said: string } => {
    const { uno } = wired();
    uno.chip.drive(DATA, 0);
    uno.ask([], 2);
    let clocks = 0;
    let low = false;
    let said = uno.ask(request(BME280, READ, 0xd0, 1), 0);
    for (let step = 0; step < 20_000; step++) {
      said += uno.ask([], 0.002);
      if (uno.chip.sinks(CLOCK) && !low) clocks++;
      low = uno.chip.sinks(CLOCK);
      if (clocks === released && !low) uno.chip.drive(DATA, null);
    }
    return { clocks, said };
  };
  for (const released of [1, 5, 9]) {
    const { clocks, said } = clocksUntil(released);
    assert.is(clocks, released);
    assert.is(said, replyOf(BME280, 0xd0, [0x60]));
  }
  const { clocks, said } = clocksUntil(10);
  assert.is(clocks, 9);
  assert.is(said, TROUBLE.stuck);
});

bus('leaves servo pulses as they are', () => {
  const { uno } = wired();
  const angle = [0xf4, 9, 4, 0xe9, 90, 0];
  uno.ask([...angle, ...sysex(0x7a, 5, 0), ...request(BME280, WATCH, 0x88, 24)], 50);
  uno.edges.length = 0;
  const said = uno.ask([], 500);
  assert.ok(times(said, 'f0777600') > 30, 'the bus was busy');
  const { widths, periods } = uno.pulses('PB1');
  assert.ok(widths.length > 20);
  // The line's interrupts, which are there without the bus too, delay an edge by up to 5 us.
  for (const width of widths) assert.ok(Math.abs(width - 1472) <= 6, `${width}`);
  for (const period of periods) assert.ok(Math.abs(period - 20_000) <= 10, `${period}`);
});

bus('ends with the mode of its pins, which then do what they are told to', () => {
  for (const end of [[0xff], [0xf4, 18, 2], [0xf4, 19, 1]]) {
    const { uno } = wired();
    uno.ask(request(BME280, WATCH, 0xd0, 1));
    uno.ask(end);
    assert.is(uno.ask([], 100), '');
    assert.is(uno.ask(request(BME280, READ, 0xd0, 1)), TROUBLE.off);
    uno.ask([0xf4, 19, 1, 0x92, 8, 0]);
    assert.is(uno.levels('PC5').at(-1), 1);
    uno.ask(config());
    assert.is(uno.ask(request(BME280, READ, 0xd0, 1)), replyOf(BME280, 0xd0, [0x60]));
  }
});

bus('lasts when it is configured again, as it is for each device', () => {
  const { uno } = wired();
  uno.ask(request(BME280, WATCH, 0xd0, 1));
  uno.ask(config());
  assert.ok(times(uno.ask([], 100), replyOf(BME280, 0xd0, [0x60])) >= 3);
  assert.is(uno.ask(sysex(0x6d, 18)).match(/f06e.{8}f7/)![0], 'f06e12060000f7');
});

/** Whatever was asked of whatever bus, the board answers, and a healthy bus works again. */
const survives = (pieces: readonly number[][], faults: readonly number[]): void => {
  const { uno, device } = wired();
  for (const [index, piece] of pieces.entries()) {
    const fault = faults[index % faults.length]!;
    uno.chip.drive(DATA, fault === 1 ? 0 : null);
    uno.chip.drive(CLOCK, fault === 2 ? 0 : null);
    device.stretchedMs = fault === 3 ? 200 : 0;
    device.room = fault === 4 ? 0 : 100;
    uno.ask(piece, 10);
  }
  uno.chip.drive(DATA, null);
  uno.chip.drive(CLOCK, null);
  uno.ask([0xf7, 0xff], 1500);
  assert.is(uno.ask(VERSION), VERSION_TOLD);
  uno.ask(config());
  assert.is(uno.ask(request(BME280, READ, 0xd0, 1)), replyOf(BME280, 0xd0, [0x60]));
};

bus('hangs on no request and no fault of the bus', () => {
  const address = fc.constantFrom(BME280, DEVICE, ABSENT, 0, 127);
  const flags = fc.constantFrom(WRITE, READ, WATCH, STOP, READ | RESTART, 0x20, 0x7f);
  const data = fc.array(fc.nat({ max: 127 }), { maxLength: 70 });
  const count = fc.nat({ max: 40 });
  const piece = fc.oneof(
    fc
      .tuple(address, flags, fc.nat({ max: 16_383 }), count)
      .map(([to, how, ...rest]) => request(to, how, ...rest)),
    fc.tuple(address, flags, data).map(([to, how, bytes]) => sysex(0x76, to, how, ...bytes)),
    fc.array(fc.nat({ max: 255 }), { maxLength: 4 }).map((bytes) => sysex(0x78, ...bytes)),
    fc.constantFrom([0xff], [0xf4, 18, 6], [0xf4, 18, 0], [0xf0, 0x76], sysex(0x7a, 1, 0)),
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 30 }),
      fc.array(fc.nat({ max: 4 }), { minLength: 1, maxLength: 8 }),
      survives,
    ),
    { numRuns: 40, seed: 44 },
  );
});

bus.run();
