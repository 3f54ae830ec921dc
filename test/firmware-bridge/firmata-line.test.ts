/** A Firmata board that is online and what may happen to it: pulled out, reset, silent, noisy. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { chipPeer } from '../../hardware/bench/binding.ts';
import { RESET_EXTERNAL } from '../../hardware/bench/chip.ts';
import { Uno } from '../hardware/uno.ts';
import { Bench, hasFive, obeys, output, PATH, plugged, SPEED, sensor } from './firmata-bench.ts';

const line = suite('a Firmata board, online');

line('goes on after it was unplugged, with its outputs as the reset left them', async () => {
  const bench = plugged();
  const { device, watch } = await bench.device([sensor({})], [output({})]);
  await obeys(device, 1, 1);
  await watch.until(() => watch.readings.length >= 3);
  bench.binding.unplug(PATH);
  await watch.until(() => watch.states.length === 1);
  const away = await device.command(1, 1);
  assert.ok(!away.ok && away.code === 'device-failed');
  const before = watch.readings.length;
  bench.plug();
  await watch.until(() => watch.states.length === 2 && watch.readings.length > before + 2);
  assert.equal(watch.states[1], { online: true });
  assert.is(watch.readings[before]!.seq, 0, 'it counts anew');
  assert.is(device.health.reconnects, 1);
  assert.equal(bench.uno.levels('PB5'), []);
  await obeys(device, 1, 1);
  assert.equal(bench.uno.levels('PB5'), [1]);
  await device.close();
});

line('notices that the board was reset, and sets its parts up again', async () => {
  const bench = plugged();
  const { device, watch } = await bench.device([sensor({})]);
  await watch.until(() => watch.readings.length >= 3);
  bench.uno.chip.reset(RESET_EXTERNAL);
  await watch.until(() => watch.states.length === 2);
  assert.match((watch.states[0] as { detail: string }).detail, /was reset/);
  const before = watch.readings.length;
  await watch.until(() => watch.readings.length > before);
  await device.close();
});

line('notices that the board fell silent, and keeps asking it', async () => {
  const bench = new Bench();
  let isDead = false;
  const uno = chipPeer((onSend) => new Uno(onSend).chip, SPEED);
  bench.binding.plug(PATH, {
    open: (send) => uno.open((bytes) => !isDead && send(bytes)),
    receive: (bytes) => uno.receive(bytes),
    close: () => uno.close(),
  });
  const { device, watch } = await bench.device([], [output({})], {
    timing: { silence: 40, greeting: 60, ack: 60 },
  });
  isDead = true;
  const lost = await device.command(0, 1);
  assert.ok(!lost.ok && (lost.code === 'timeout' || lost.code === 'device-failed'));
  await watch.until(() => watch.states.length === 1);
  assert.is((watch.states[0] as { code: string }).code, 'timeout');
  isDead = false;
  await watch.until(() => watch.states.length === 2);
  await device.close();
});

line('asks a quiet board for a sign of life and leaves it as it is', async () => {
  const bench = plugged();
  const { device, watch } = await bench.device([], [output({})], { timing: { silence: 20 } });
  await obeys(device, 0, 1);
  const before = device.health.messages;
  while (device.health.messages < before + 5) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(watch.states, []);
  assert.equal(bench.uno.levels('PB5'), [1]);
  await device.close();
});

line('sells no value twice that the board has not told anew', async () => {
  const bench = new Bench();
  let dropsVoltages = false;
  const uno = chipPeer((onSend) => new Uno(onSend).chip, SPEED);
  const keep = (bytes: Uint8Array): Uint8Array =>
    dropsVoltages ? bytes.filter((_, i) => !isVoltage(bytes, i)) : bytes;
  bench.binding.plug(PATH, {
    open: (send) => uno.open((bytes) => send(keep(bytes))),
    receive: (bytes) => uno.receive(bytes),
    close: () => uno.close(),
  });
  const { device, watch } = await bench.device([sensor({})], [output({})], { timing: { silence: 100 } });
  await watch.until(() => watch.readings.length >= 2);
  dropsVoltages = true;
  await obeys(device, 1, 1);
  await obeys(device, 1, 0);
  const before = watch.readings.length;
  for (let i = 0; i < 20; i++) await obeys(device, 1, i % 2);
  await watch.until(() => watch.refused.length > 0);
  assert.match(watch.refused[0]!.detail, /^pot: nothing new arrives for it/);
  assert.ok(watch.readings.length <= before + 1, `${watch.readings.length - before} of old values`);
  assert.equal(watch.states, []);
  await device.close();
});

const isVoltage = (bytes: Uint8Array, at: number): boolean =>
  [0, 1, 2].some((back) => at >= back && bytes[at - back]! >= 0xe0 && bytes[at - back]! < 0xf0);

line('reports noise and goes on', async () => {
  const bench = new Bench();
  let send: (bytes: Uint8Array) => void = () => {};
  const uno = chipPeer((onSend) => new Uno(onSend).chip, SPEED);
  bench.binding.plug(PATH, {
    open: (to) => {
      send = to;
      uno.open(to);
    },
    receive: (bytes) => uno.receive(bytes),
    close: () => uno.close(),
  });
  const { device, watch } = await bench.device([sensor({})]);
  for (const noise of [[0x00, 0x11, 0x22], [0xfd, 0x80], Array(5000).fill(0x41)]) {
    const before = watch.readings.length;
    send(Uint8Array.from(noise));
    await watch.until(() => watch.readings.length > before + 2);
  }
  assert.ok(device.health.noiseBytes >= 5000);
  assert.ok(device.health.resyncs >= 2);
  send(Uint8Array.of(0xf0, 0x6e, 0x7f, 1, 2, 0xf7)); // the state of pin 127
  await watch.until(() => watch.refused.length > 0);
  assert.match(watch.refused[0]!.detail, /^johnny-five cannot read f06e7f0102f7: /);
  const before = watch.readings.length;
  await watch.until(() => watch.readings.length > before + 2);
  assert.equal(watch.states, [], 'and stays online');
  await device.close();
});

line("passes on the board's own words", async () => {
  const bench = plugged();
  const { device, watch } = await bench.device([sensor({})]);
  bench.uno.chip.receive(Uint8Array.of(0xf4, 2, 2));
  await watch.until(() => watch.refused.length === 1);
  assert.match(watch.refused[0]!.detail, /^the board at uno says: no such pin/);
  await device.close();
});

line('leaves nothing behind: no timer, no listener of the process, no board in memory', async () => {
  const bench = new Bench();
  const listeners = (): number =>
    process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
  const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const [listenersBefore, timersBefore] = [listeners(), timers()];
  const devices = [];
  for (const path of ['one', 'two', 'three']) {
    bench.plug(path);
    const light = sensor({ class: 'Light', options: { pin: 'A1' } });
    devices.push(await bench.device([light, sensor({ name: 'b' })], [output({})], { path }));
  }
  for (const { watch } of devices) await watch.until(() => watch.readings.length >= 2);
  for (const { device } of devices) await device.close();
  await new Promise((resolve) => setImmediate(resolve));
  assert.is(listeners(), listenersBefore);
  assert.is(timers(), timersBefore);
});

if (hasFive()) line.run();
else console.log('skip: johnny-five is not installed (npm install)');
