/** The Firmata firmware, executed: what a host asks of it is what its pins do, whatever arrives in between. */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RESET_EXTERNAL } from '../../hardware/bench/chip.ts';
import { Uno } from './uno.ts';

const INPUT = 0;
const OUTPUT = 1;
const ANALOG = 2;
const PWM = 3;
const SERVO = 4;
const I2C = 6;
const PULLUP = 11;

const FIRMWARE = [0xf0, 0x79, 0xf7];
const VERSION = 'f90205';
const NAME = 'f079010074006f006c006c00620072006900640067006500f7';

const mode = (pin: number, which: number): number[] => [0xf4, pin, which];
const analog = (pin: number, value: number): number[] => [0xe0 | pin, value & 127, value >> 7];
const sysex = (...bytes: number[]): number[] => [0xf0, ...bytes, 0xf7];
const textOf = (sentence: string): string =>
  `f071${[...sentence].map((letter) => `${letter.charCodeAt(0).toString(16)}00`).join('')}f7`;

const TROUBLE = {
  mode: textOf('no such pin, or it cannot do that'),
  long: textOf('a message was too long'),
  lost: textOf('bytes were lost: send less at once'),
};

const near = (actual: number, wanted: number, within: number): void =>
  assert.ok(Math.abs(actual - wanted) <= within, `${actual} is not within ${within} of ${wanted}`);

const firmata = suite('firmata');

firmata('says its protocol and its name when it starts, and when asked', () => {
  const uno = new Uno();
  assert.is(uno.ask([], 100), VERSION + NAME);
  assert.is(uno.ask([0xf9]), VERSION);
  assert.is(uno.ask(FIRMWARE), NAME);
});

firmata(
  'tells what each pin can: nothing on the line, servos to 13, PWM on six, voltages from 14, a bus at 18 and 19',
  () => {
    const answer = new Uno().boot().ask(sysex(0x6b));
    assert.match(answer, /^f06c.*f7$/);
    const pins = answer.slice(4, -2).match(/(?:(?!7f)....)*7f/g)!;
    const modes = pins.map((pin) =>
      [...pin.slice(0, -2).matchAll(/(..)(..)/g)].map(([, kind]) => parseInt(kind!, 16)),
    );
    assert.is(modes.length, 20);
    for (const [pin, can] of modes.entries()) {
      const wanted = pin < 2 ? [] : [INPUT, PULLUP, OUTPUT];
      if (pin >= 14) wanted.push(ANALOG);
      if ([3, 5, 6, 9, 10, 11].includes(pin)) wanted.push(PWM);
      if (pin >= 2 && pin < 14) wanted.push(SERVO);
      if (pin >= 18) wanted.push(I2C);
      assert.equal(can, wanted, `pin ${pin}`);
    }
  },
);

firmata('maps A0 to A5 to pins 14 to 19', () => {
  assert.is(new Uno().boot().ask(sysex(0x69)), `f06a${'7f'.repeat(14)}000102030405f7`);
});

firmata('drives nothing until it is told to', () => {
  const uno = new Uno().boot();
  uno.ask([...mode(13, OUTPUT), ...mode(9, SERVO), ...mode(5, PWM)], 200);
  assert.equal(uno.edges, []);
});

firmata('sets an output by its port and alone', () => {
  const uno = new Uno().boot();
  uno.ask([...mode(13, OUTPUT), 0x91, 0x20, 0, 0x91, 0, 0, 0xf5, 13, 1, 0xf5, 13, 0]);
  assert.equal(uno.levels('PB5'), [1, 0, 1, 0]);
  uno.ask([...mode(7, OUTPUT), 0x90, 0, 1]);
  assert.equal(uno.levels('PD7'), [1]);
  uno.ask([...mode(19, OUTPUT), 0x92, 0x08, 0]);
  assert.equal(uno.levels('PC5'), [1]);
});

firmata('makes a pin without a mode an output when it is to be high, and leaves its neighbours', () => {
  const uno = new Uno().boot();
  uno.ask([0x91, 0x02, 0]);
  assert.equal(
    uno.edges.map(({ pin, level }) => [pin, level]),
    [['PB1', 1]],
  );
  assert.is(uno.ask(sysex(0x6d, 10)), 'f06e0a000000f7', 'its neighbour is the input that it was');
});

firmata('never touches the pins of its line', () => {
  const uno = new Uno().boot();
  for (const pin of [0, 1]) assert.is(uno.ask(mode(pin, OUTPUT)), TROUBLE.mode);
  uno.ask([0x90, 0x03, 0]);
  assert.equal(uno.edges, []);
  assert.is(uno.ask([0xf9]), VERSION);
});

firmata('tells a pressed button, whose pull-up it switches on by mode or by a high level', () => {
  for (const wake of [mode(2, PULLUP), [...mode(2, INPUT), 0x90, 0x04, 0]]) {
    const uno = new Uno().boot();
    assert.is(uno.ask([...wake, 0xd0, 1]), '900400');
    uno.chip.drive('PD2', 0);
    assert.is(uno.ask([]), '900000');
    uno.chip.drive('PD2', null);
    assert.is(uno.ask([]), '900400');
    assert.is(uno.ask([0xd0, 0]), '');
    uno.chip.drive('PD2', 0);
    assert.is(uno.ask([]), '', 'nobody wants to know');
  }
});

firmata('tells voltages every sampling interval, of the inputs that are wanted', () => {
  const uno = new Uno().boot();
  uno.volts[0] = 2.5;
  uno.volts[5] = 4.9999;
  assert.match(uno.ask([0xc0, 1], 200), /^(e00004){10,12}$/);
  assert.match(uno.ask([...sysex(0x7a, 100 & 127, 0)], 1000), /^(e00004){10,12}$/);
  assert.match(uno.ask([0xc5, 1], 500), /^(e57f07|e00004){9,12}$/);
  assert.match(uno.ask([0xc0, 0], 500), /^(e57f07){4,6}$/);
  assert.is(uno.ask([...mode(19, OUTPUT)], 500).replaceAll('e57f07', ''), '', 'an output has no voltage');
  assert.is(uno.ask([], 500), '');
});

firmata('reads the whole range of the converter', () => {
  const uno = new Uno().boot();
  uno.ask([0xc0, 1, ...sysex(0x7a, 5, 0)]);
  for (const raw of [0, 1, 127, 128, 511, 512, 1023]) {
    uno.volts[0] = ((raw + 0.5) * 5) / 1024;
    const [, low, high] = [...uno.ask([], 50).matchAll(/e0(..)(..)/g)].at(-1)!;
    assert.is(parseInt(low!, 16) | (parseInt(high!, 16) << 7), raw);
  }
});

firmata('turns PWM into pulses as wide as asked for on all six pins, none for 0', () => {
  const pins = { 3: 'PD3', 5: 'PD5', 6: 'PD6', 9: 'PB1', 10: 'PB2', 11: 'PB3' } as const;
  for (const [number, name] of Object.entries(pins)) {
    const uno = new Uno().boot();
    uno.ask([...mode(Number(number), PWM), ...analog(Number(number), 64)], 20);
    const { widths, periods } = uno.pulses(name);
    for (const period of periods.slice(1)) near(period, 1024, 1);
    for (const width of widths.slice(1)) near(width, 256, 4);
    uno.ask(analog(Number(number), 0), 5);
    uno.edges.length = 0;
    uno.ask([], 20);
    assert.equal(uno.edges, []);
  }
});

firmata('sends servo pulses every 20 ms, by angle, by width, and between the limits it was given', () => {
  const uno = new Uno().boot();
  const width = (bytes: number[]): number => {
    uno.ask(bytes, 50);
    uno.edges.length = 0;
    uno.ask([], 100);
    const { widths, periods } = uno.pulses('PB1');
    for (const period of periods) near(period, 20_000, 5);
    for (const one of widths) near(one, widths[0]!, 2);
    return widths[0]!;
  };
  near(width([...mode(9, SERVO), ...analog(9, 0)]), 544, 2);
  near(width(analog(9, 90)), 1472, 2);
  near(width(analog(9, 180)), 2400, 2);
  near(width(analog(9, 1500)), 1500, 2);
  near(width(analog(9, 5000)), 2400, 2);
  near(width([...sysex(0x70, 9, 1000 & 127, 1000 >> 7, 2000 & 127, 2000 >> 7), ...analog(9, 0)]), 1000, 2);
  near(width(sysex(0x6f, 9, 90, 0)), 1500, 2);
  near(width(sysex(0x6f, 9, 127, 127, 127, 127)), 2000, 2);
});

firmata('keeps twelve servos apart, and ends the pulses of one that becomes an input', () => {
  const uno = new Uno().boot();
  const pins = Array.from({ length: 12 }, (_, i) => i + 2);
  for (const pin of pins)
    uno.ask([...mode(pin, SERVO), ...sysex(0x6f, pin, ...[(600 + pin * 100) & 127, (600 + pin * 100) >> 7])]);
  uno.edges.length = 0;
  uno.ask([], 200);
  const nameOf = (pin: number) => (pin < 8 ? (`PD${pin}` as const) : (`PB${pin - 8}` as const));
  for (const pin of pins) near(uno.pulses(nameOf(pin)).widths[0]!, 600 + pin * 100, 3);
  uno.ask(mode(4, INPUT), 50);
  uno.edges.length = 0;
  uno.ask([], 100);
  assert.equal(uno.levels('PD4'), []);
  assert.ok(uno.levels('PD5').length > 4);
});

firmata('gives timer 1 back to PWM when the last servo has ended', () => {
  const uno = new Uno().boot();
  uno.ask([...mode(9, PWM), ...mode(4, SERVO), ...analog(4, 90), ...analog(9, 64)], 50);
  uno.edges.length = 0;
  uno.ask([], 50);
  assert.equal(uno.levels('PB1'), [], 'low below a half');
  uno.ask([...mode(4, INPUT), ...analog(9, 64)], 50);
  near(uno.pulses('PB1').widths.at(-1)!, 256, 4);
});

firmata('says what a pin does', () => {
  const uno = new Uno().boot();
  uno.ask([...mode(13, OUTPUT), 0x91, 0x20, 0, ...mode(9, SERVO), ...analog(9, 90), ...mode(2, PULLUP)]);
  for (const [pin, state] of [
    [13, '010100'],
    [9, '045a00'],
    [2, '0b0100'],
    [14, '020000'],
  ] as const) {
    assert.is(uno.ask(sysex(0x6d, pin)), `f06e${pin.toString(16).padStart(2, '0')}${state}f7`);
  }
  const pins = [...uno.ask([14, 2, 9].flatMap((pin) => sysex(0x6d, pin))).matchAll(/f06e(..)/g)];
  assert.equal(pins.map(([, pin]) => pin).sort(), ['02', '09', '0e'], 'three at once');
});

firmata('is as new after a reset by its host: no output, no report, no servo', () => {
  const uno = new Uno().boot();
  uno.ask([...mode(13, OUTPUT), 0x91, 0x20, 0, ...mode(9, SERVO), ...analog(9, 90), 0xc0, 1, 0xd0, 1]);
  uno.ask([0xff]);
  assert.is(uno.levels('PB5').at(-1), 0);
  uno.edges.length = 0;
  assert.is(uno.ask([], 200), '');
  assert.equal(uno.edges, []);
  uno.chip.reset(RESET_EXTERNAL);
  assert.is(uno.ask([], 100), VERSION + NAME);
});

firmata('says in words what it cannot do', () => {
  const uno = new Uno().boot();
  for (const wrong of [
    mode(13, PWM),
    mode(2, ANALOG),
    mode(20, OUTPUT),
    mode(14, SERVO),
    mode(5, 99),
    analog(4, 9),
  ]) {
    assert.is(uno.ask(wrong), TROUBLE.mode, String(wrong));
  }
  assert.is(uno.ask(sysex(0x70, 9, 5, 0, 4, 0)), TROUBLE.mode, 'limits the wrong way round');
  assert.is(uno.ask(sysex(0x6f, ...Array(100).fill(1))), TROUBLE.long);
});

firmata('skips sysex that it does not know, cut off messages and stray data', () => {
  const uno = new Uno().boot();
  for (const odd of [
    sysex(0x72, 0x40, 8, 1),
    sysex(),
    [0xf0, 0x79],
    [0xf7],
    [1, 2, 3],
    [0xe9],
    [0xf0, 0xf0, 0xf0],
    [0xf4, 13],
  ]) {
    assert.is(uno.ask(odd), '', Buffer.from(odd).toString('hex'));
    assert.is(uno.ask([0xf9]), VERSION, 'the next message is whole');
  }
});

firmata('answers every question of a flood once the line has room', () => {
  const uno = new Uno().boot();
  const said = uno.ask(Array.from({ length: 200 }, () => [...sysex(0x6b), ...FIRMWARE, 0xf9]).flat(), 2000);
  const whole = said.replaceAll(VERSION, '').replaceAll(NAME, '').replaceAll(TROUBLE.lost, '');
  assert.match(whole, /^(f06c(?:(?!f7)..)*f7){5,}$/);
  assert.is(uno.ask([0xf9]), VERSION);
});

/** Whatever came before, the board answers, and only whole messages of Firmata were said meanwhile. */
const survives = (uno: Uno, bytes: readonly number[]): void => {
  const said = Buffer.from(uno.ask([...bytes], 20 + bytes.length), 'hex');
  uno.ask([0xff], 120);
  assert.is(uno.ask(FIRMWARE), NAME, `after ${Buffer.from(bytes).toString('hex')}`);
  let rest = said.toString('hex');
  rest = rest.replaceAll(/f0(?:[0-7].)*f7|[9e].(?:[0-7].){2}|f9(?:[0-7].){2}/g, '');
  // A message that the look ended in the middle of.
  assert.match(rest, /^(f0(?:[0-7].)*|[9e].([0-7].)?|f9([0-7].)?)?$/);
};

firmata('hangs on no random bytes', () => {
  const uno = new Uno().boot();
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 255 }), { maxLength: 400 }), (bytes) => survives(uno, bytes)),
    { numRuns: 60, seed: 42 },
  );
});

firmata('hangs on nothing that almost is a message', () => {
  const uno = new Uno().boot();
  const command = fc.constantFrom(0x90, 0x91, 0xc0, 0xd0, 0xe3, 0xe9, 0xf0, 0xf4, 0xf5, 0xf7, 0xf9, 0xff);
  const kind = fc.constantFrom(0x69, 0x6b, 0x6d, 0x6f, 0x70, 0x71, 0x76, 0x78, 0x79, 0x7a);
  const data = fc.nat({ max: 127 });
  const piece = fc.oneof(
    fc.tuple(command, data, data).map((bytes) => [...bytes]),
    fc.tuple(kind, fc.array(data, { maxLength: 12 })).map(([first, rest]) => sysex(first, ...rest)),
    fc.tuple(kind, fc.array(data, { maxLength: 80 })).map(([first, rest]) => [0xf0, first, ...rest]),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => survives(uno, pieces.flat())),
    { numRuns: 60, seed: 43 },
  );
});

firmata.run();
