/** johnny-five's parts on the two-wire bus end to end: its classes, our driver, our firmware, chips on the wires. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readWeather } from '../../hardware/bench/weather.ts';
import { Notebook } from '../hardware/notebook.ts';
import { hasFive, obeys, of, output, plugged, sensor } from './firmata-bench.ts';

const parts = suite('openFirmata, two-wire bus');

const BME280 = { controller: 'BME280', address: 0x76 };
/** johnny-five believes no BME280 in its first second. */
const ONE_CHIP = [
  sensor({ name: 'outdoor', class: 'Thermometer', options: BME280 }),
  sensor({ name: 'air', class: 'Barometer', options: BME280 }),
  sensor({ name: 'damp', class: 'Hygrometer', options: BME280, exponent: -2 }),
  sensor({
    ...{ name: 'all', class: 'Multi', options: BME280 },
    ...{ property: 'thermometer.celsius', unit: 'Cel', exponent: -2 },
  }),
];

parts(
  'reads the recorded weather from a chip on the two-wire bus, by the classes that share it',
  async () => {
    const bench = plugged();
    const series = readWeather('seattle');
    assert.ok(series.ok, series.ok ? '' : series.detail);
    const [cold, warm] = [series.value[0]!, series.value[5000]!].map((hour, i) => ({
      ...{ ...hour, humidityCentiRh: 8000 - i * 5000 }, // the record has none
    }));
    bench.uno.weather = cold;
    const { device, watch } = await bench.device(ONE_CHIP);
    for (const hour of [cold!, warm!]) {
      bench.uno.weather = hour;
      const wanted = [hour.temperatureCentiC, hour.pressurePa!, hour.humidityCentiRh, hour.temperatureCentiC];
      // Its integers are as far from the datasheet's formula.
      const isNear = (channel: number): boolean =>
        Math.abs((of(watch, channel).at(-1)?.mantissa ?? Number.NaN) - wanted[channel]!) <= 5;
      await watch.until(() => [0, 1, 2, 3].every(isNear));
    }
    const seen = of(watch, 0).map(({ mantissa }) => mantissa);
    const known = [cold!, warm!].map(({ temperatureCentiC }) => temperatureCentiC);
    for (const mantissa of seen)
      assert.ok(
        known.some((one) => Math.abs(one - mantissa) <= 1),
        `${mantissa} was never measured`,
      );
    assert.equal(watch.refused, []);
    await device.close();
  },
);

parts('sells nothing old of a chip that is pulled off the bus, says where, and goes on', async () => {
  const bench = plugged();
  const { device, watch } = await bench.device(ONE_CHIP, [], { timing: { silence: 300 } });
  await watch.until(() => [0, 1, 2, 3].every((channel) => of(watch, channel).length >= 3));
  const { weather } = bench.uno;
  bench.uno.weather = undefined;
  await watch.until(() => watch.refused.length >= 5);
  const told = watch.refused.map(({ detail }) => detail).sort();
  assert.equal(told, [
    ...['air', 'all', 'damp', 'outdoor'].map(
      (name) => `${name}: nothing new arrives for it: is it connected?`,
    ),
    'the board at uno says: no answer on the two-wire bus from 0x76',
  ]);
  bench.uno.weather = { ...weather!, temperatureCentiC: 1234 };
  await watch.until(() => [0, 3].every((channel) => of(watch, channel).at(-1)!.mantissa === 1234));
  await device.close();
});

parts('reads a part without a driver that others share', async () => {
  const bench = plugged();
  const thermometer = new Notebook(() => 0);
  thermometer.bytes = [0x01, 0x93]; // 16ths of a degree
  bench.devices.set(0x18, thermometer);
  const wish = sensor({ class: 'Thermometer', options: { controller: 'MCP9808' } });
  const { device, watch } = await bench.device([wish], [], { timing: { silence: 300 } });
  await watch.until(() => watch.readings.length >= 3);
  for (const { mantissa } of watch.readings) assert.is(mantissa, 2519);
  bench.devices.delete(0x18);
  await watch.until(() => watch.refused.length >= 2);
  await device.close();
});

parts('reads a part that wants a pause of 25 ms, and no value that it has not measured yet', async () => {
  const bench = plugged();
  const chip = new Notebook(() => bench.uno.chip.nowMs);
  chip.bytes = [0x66, 0x4c];
  bench.devices.set(0x40, chip);
  const options = { controller: 'SI7021' };
  const { device, watch } = await bench.device([
    sensor({ name: 'damp', class: 'Hygrometer', options, exponent: -2, periodMs: 0 }),
    sensor({ name: 'outdoor', class: 'Thermometer', options, exponent: -1 }),
  ]);
  await watch.until(() => of(watch, 0).length >= 1 && of(watch, 1).length >= 3);
  for (const { mantissa } of of(watch, 0)) assert.is(mantissa, 4395);
  for (const { mantissa } of of(watch, 1)) assert.is(mantissa, 234);
  for (const [i, { what, atMs }] of chip.notes.entries())
    if (what === 'R') assert.ok(atMs - chip.notes[i - 2]!.atMs >= 25, chip.text);
  await device.close();
});

parts('says which address of the bus is empty', async () => {
  const { device, watch } = await plugged().device([
    sensor({ class: 'Barometer', options: { controller: 'MPL115A2' }, periodMs: 50 }),
  ]);
  await watch.until(() => watch.refused.length >= 1);
  assert.match(watch.refused[0]!.detail, /^the board at uno says: no answer on the two-wire bus from 0x60$/);
  assert.equal(watch.readings, []);
  await device.close();
});

parts('moves a servo at a PCA9685', async () => {
  const bench = plugged();
  const driver = new Notebook(() => 0);
  bench.devices.set(0x40, driver);
  const servo = { controller: 'PCA9685', pin: 1, address: 0x40 };
  const { device } = await bench.device([], [output({ class: 'Servo', options: servo })]);
  await obeys(device, 0, 90);
  // Pulses of 287 in 4,096 of 20 ms: 1.4 ms.
  assert.match(driver.text, /W 0a 00 00 1f 01 \.$/, 'the registers of its second output');
  await device.close();
});

if (hasFive()) parts.run();
else console.log('skip: johnny-five is not installed (npm install)');
