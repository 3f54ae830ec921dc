/** johnny-five end to end: its classes, our driver, our firmware on an emulated chip. */

import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { FirmataOutput, FirmataSensor } from '../../firmware-bridge/firmata.ts';
import type { Peer } from '../../hardware/bench/binding.ts';
import { Bench, hasFive, obeys, of, output, PATH, plugged, sensor } from './firmata-bench.ts';

const parts = suite('openFirmata');

parts('says what the board is and what its parts can', async () => {
  const { device } = await plugged().device(
    [
      sensor({
        name: 'outdoor',
        kind: 'temperature',
        class: 'Thermometer',
        options: { pin: 'A0', controller: 'TMP36' },
      }),
    ],
    [output({})],
  );
  assert.is(device.identity.board, 'tollbridge');
  assert.is(device.identity.firmware, '1.0');
  assert.match(device.identity.serial, /^[0-9a-f]{16}$/);
  assert.equal(device.capabilities, [
    {
      channel: 0,
      name: 'outdoor',
      kind: 'temperature',
      unit: 'Cel',
      exponent: -2,
      direction: 'sensor',
      periodMs: 20,
    },
    { channel: 1, name: 'lamp', kind: 'lamp', unit: '/', exponent: 0, direction: 'actuator', periodMs: 0 },
  ]);
  await device.close();
});

parts('reads a Sensor: the voltage at its pin, without a gap', async () => {
  const bench = plugged();
  const { device, watch } = await bench.device([
    sensor({}),
    sensor({ name: 'volts', unit: 'V', exponent: -3, scale: { mantissa: 48828125, exponent: -10 } }),
    sensor({ name: 'above', zero: { mantissa: 5020, exponent: -1 } }),
  ]);
  await watch.until(() => [0, 1, 2].every((channel) => of(watch, channel).length >= 5));
  assert.equal(
    of(watch, 0).slice(0, 5),
    [0, 1, 2, 3, 4].map((seq) => ({ channel: 0, seq, mantissa: 512, exponent: 0 })),
  );
  const counts = [0, 1, 2].map((channel) => of(watch, channel).length);
  assert.ok(Math.max(...counts) - Math.min(...counts) <= 2, `each is read alike, not ${counts}`);
  assert.is(of(watch, 1)[0]!.mantissa, 2500);
  assert.is(of(watch, 2)[0]!.mantissa, 10);
  bench.uno.volts[1] = 1.25;
  await watch.until(() => of(watch, 0).at(-1)!.mantissa === 256);
  await device.close();
});

parts('reads a Thermometer, and nothing before its first measurement', async () => {
  const thermometer = { class: 'Thermometer', options: { pin: 'A0', controller: 'TMP36' } };
  const { device, watch } = await plugged().device([sensor(thermometer)]);
  await watch.until(() => watch.readings.length >= 3);
  // 25.00 C are 750 mV, 153.6 steps of the converter; johnny-five gives whole degrees below it.
  for (const { mantissa, exponent } of watch.readings) assert.equal([mantissa, exponent], [2500, -2]);
  await device.close();
});

parts('reads a part of two pins when both have been measured', async () => {
  const bench = plugged();
  const axis = { class: 'Accelerometer', options: { pins: ['A1', 'A2'] }, unit: 'gn', exponent: -2 };
  const { device, watch } = await bench.device([
    sensor({ ...axis, name: 'x', property: 'x' }),
    sensor({ ...axis, name: 'y', property: 'y' }),
  ]);
  await watch.until(() => [0, 1].every((channel) => of(watch, channel).length >= 3));
  const [x, y] = [0, 1].map((channel) => new Set(of(watch, channel).map(({ mantissa }) => mantissa)));
  assert.is(x!.size, 1);
  assert.is(y!.size, 1);
  assert.ok([...x!][0]! > [...y!][0]!, 'A1 is at 2.5 V, A2 at 0 V');
  await device.close();
});

parts('tells a Button when it is pressed and when it is let go', async () => {
  const bench = plugged();
  const button = sensor({ class: 'Button', options: { pin: 2, pullup: true }, periodMs: 0 });
  const { device, watch } = await bench.device([button]);
  await watch.until(() => watch.readings.length === 1);
  bench.uno.chip.drive('PD2', 0);
  await watch.until(() => watch.readings.length === 2);
  bench.uno.chip.drive('PD2', null);
  await watch.until(() => watch.readings.length === 3);
  assert.equal(
    watch.readings.map(({ seq, mantissa }) => [seq, mantissa]),
    [
      [0, 0],
      [1, 1],
      [2, 0],
    ],
  );
  await device.close();
});

parts('lights a Led, and has lit it when the command is done', async () => {
  const bench = plugged();
  const { device } = await bench.device([], [output({})]);
  for (const level of [1, 0, 1] as const) {
    await obeys(device, 0, level);
    assert.is(bench.uno.levels('PB5').at(-1), level);
  }
  const refused = await device.command(0, 2);
  assert.ok(!refused.ok && refused.code === 'value-out-of-range');
  await device.close();
});

parts('dims a Led by a method of its own, and switches a Relay', async () => {
  const bench = plugged();
  const dimmed = output({ options: { pin: 5 }, method: 'brightness', min: 0, max: 255 });
  const relay = output({ name: 'pump', class: 'Relay', options: { pin: 7 } });
  const { device } = await bench.device([], [dimmed, relay]);
  await obeys(device, 0, 64);
  bench.uno.edges.length = 0;
  bench.uno.chip.runMs(20);
  assert.ok(Math.abs(bench.uno.pulses('PD5').widths[1]! - 256) <= 4);
  await obeys(device, 1, 1);
  await obeys(device, 1, 0);
  assert.equal(bench.uno.levels('PD7'), [1, 0]);
  await device.close();
});

parts('moves a Servo: the pulse is as wide as the angle says', async () => {
  const bench = plugged();
  const { device } = await bench.device([], [output({ class: 'Servo', options: { pin: 9 } })]);
  for (const [angle, us] of [
    [0, 600],
    [90, 1500],
    [180, 2400],
  ] as const) {
    await obeys(device, 0, angle);
    bench.uno.chip.runMs(25);
    bench.uno.edges.length = 0;
    bench.uno.chip.runMs(50);
    assert.ok(Math.abs(bench.uno.pulses('PB1').widths[0]! - us) <= 2, `${bench.uno.pulses('PB1').widths}`);
  }
  const refused = await device.command(0, 181);
  assert.ok(!refused.ok && refused.code === 'value-out-of-range');
  await device.close();
});

parts('takes another period, and stops', async () => {
  const { device, watch } = await plugged().device([
    sensor({ periodMs: 60_000 }),
    sensor({ name: 'b', options: { pin: 'A0' } }),
  ]);
  assert.ok((await device.setPeriod(0, 20)).ok);
  assert.is(device.capabilities[0]!.periodMs, 20);
  await watch.until(() => of(watch, 0).length >= 3);
  assert.ok((await device.setPeriod(0, 0)).ok);
  const before = of(watch, 0).length;
  const other = of(watch, 1).length;
  await watch.until(() => of(watch, 1).length >= other + 5);
  assert.is(of(watch, 0).length, before);
  for (const [channel, ms, code] of [
    [0, 9, 'value-out-of-range'],
    [0, 0.5, 'value-out-of-range'],
    [7, 20, 'channel-unknown'],
  ] as const) {
    const refused = await device.setPeriod(channel, ms);
    assert.ok(!refused.ok && refused.code === code);
  }
  await device.close();
});

parts('refuses more commands than can wait, and those of outputs that are not', async () => {
  const { device } = await plugged().device([sensor({})], [output({})]);
  const unknown = await device.command(0, 1);
  assert.ok(!unknown.ok && unknown.code === 'channel-unknown');
  const outcomes = await Promise.all(Array.from({ length: 17 }, (_, i) => device.command(1, i % 2)));
  assert.is(outcomes.filter((one) => one.ok).length, 16);
  assert.ok(!outcomes[16]!.ok && outcomes[16]!.code === 'busy');
  await device.close();
});

const refusals = suite('openFirmata, refusing');

for (const [what, sensors, outputs, code, sentence] of [
  [
    'a class that is near one',
    [sensor({ class: 'Termometer', property: 'celsius', unit: 'Cel' })],
    [],
    'config-invalid',
    /^pot: johnny-five has no class Termometer: did you mean Thermometer\?$/,
  ],
  [
    'a class that is nothing',
    [sensor({ class: 'Xyz', property: 'x', unit: '/' })],
    [],
    'config-invalid',
    /no class Xyz, it has: Accelerometer, /,
  ],
  [
    'a class that is no part',
    [sensor({ class: 'Board', property: 'id', unit: '/' })],
    [],
    'config-invalid',
    /no class Board/,
  ],
  [
    'a unit that does not exist',
    [sensor({ unit: 'furlong' })],
    [],
    'config-invalid',
    /^pot: "furlong" is no unit of SenML/,
  ],
  [
    'a property without a class that has one',
    [sensor({ class: 'Gyro' })],
    [],
    'config-invalid',
    /^pot: Gyro has no usual property/,
  ],
  [
    'a class that is near one',
    [sensor({ class: 'Sensr' })],
    [],
    'config-invalid',
    /^pot: Sensr has no usual property: did you mean Sensor\? Else name the one to read$/,
  ],
  [
    'an output of a class that is near one',
    [],
    [output({ class: 'Servoo' })],
    'config-invalid',
    /^lamp: Servoo has no usual method: did you mean Servo\? Else name a method/,
  ],
  [
    'a property that is near one',
    [sensor({ property: 'valeu' })],
    [],
    'config-invalid',
    /^pot: Sensor has no property valeu: did you mean value\?$/,
  ],
  [
    'a pin without a voltage',
    [sensor({ options: { pin: 'A7' } })],
    [],
    'config-invalid',
    /^pot: pin A7 cannot measure a voltage, these can: A0, A1, A2, A3, A4, A5$/,
  ],
  [
    'a pin without PWM',
    [],
    [output({ class: 'Motor', options: { pin: 4 } })],
    'config-invalid',
    /^lamp: .*4.*PWM/,
  ],
  [
    'a pin without servo pulses',
    [],
    [output({ class: 'Servo', options: { pin: 14 } })],
    'config-invalid',
    /^lamp: pin 14 cannot drive a servo, these can: 2, 3, /,
  ],
  [
    'a pin that is not there',
    [],
    [output({ options: { pin: 44 } })],
    'config-invalid',
    /^lamp: pin 44 cannot be an output, these can: 2, 3, /,
  ],
  [
    'a method that is near one',
    [],
    [output({ values: ['off', 'onn'] })],
    'config-invalid',
    /^lamp: Led has no method onn: did you mean on\?$/,
  ],
  [
    'a controller that does not exist',
    [sensor({ class: 'Thermometer', options: { pin: 'A0', controller: 'NONE' } })],
    [],
    'config-invalid',
    /^pot: /,
  ],
  [
    'a bus that the firmware has not',
    [sensor({ class: 'Thermometer', options: { controller: 'DS18B20', pin: 2 } })],
    [],
    'config-invalid',
    /^pot: it needs a one-wire bus, which the board's firmware has not/,
  ],
  [
    'a method and values',
    [],
    [output({ values: ['off'], method: 'on', min: 0, max: 1 })],
    'config-invalid',
    /^lamp: a method or values, not both$/,
  ],
  [
    'a period that is too short',
    [sensor({ periodMs: 1 })],
    [],
    'config-invalid',
    /^pot: periodMs 1: 0 for each change, or 10 to/,
  ],
  [
    'two parts of one name',
    [sensor({ name: 'lamp' })],
    [output({})],
    'config-invalid',
    /^lamp: there are two of this name/,
  ],
  ['no part at all', [], [], 'config-invalid', /^a board has 1 to 16/],
] as const) {
  refusals(`refuses ${what} and says what to do`, async () => {
    const refused = await plugged().open(
      sensors as readonly FirmataSensor[],
      outputs as readonly FirmataOutput[],
    );
    assert.ok(!refused.ok, 'it was opened');
    assert.is(refused.code, code, refused.detail);
    assert.match(refused.detail, sentence);
  });
}

refusals('names the packages that are not installed', async () => {
  const refused = await plugged().open([sensor({})], [], { from: join(tmpdir(), 'nowhere.js') });
  assert.ok(!refused.ok && refused.code === 'module-missing');
  assert.match(refused.detail, /npm install johnny-five@[\d.]+ firmata-io@[\d.]+$/);
});

const silent: Peer = { open: () => {}, receive: () => {}, close: () => {} };

refusals('tells a board that speaks something else from one that is there', async () => {
  const bench = new Bench();
  const timing = { open: 150, greeting: 60 };
  const missing = await bench.open([sensor({})], [], { timing });
  assert.ok(!missing.ok && missing.code === 'port-missing');
  bench.binding.plug(PATH, silent);
  const mute = await bench.open([sensor({})], [], { timing });
  assert.ok(!mute.ok && mute.code === 'timeout');
  assert.match(mute.detail, /no Firmata board answered at uno: .* baudRate/);
});

if (hasFive()) {
  parts.run();
  refusals.run();
} else console.log('skip: johnny-five is not installed (npm install)');
