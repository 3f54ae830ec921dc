import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Devices, type DeviceUser, type OpenDevice } from '../../agent/devices.ts';
import type { DeviceListener } from '../../firmware-bridge/device.ts';
import { faultText } from '../../firmware-bridge/faults.ts';
import { type Code, ok, refuse } from '../../schemas/result.ts';
import { boardAt } from './board-at.ts';
import { MemoryDevice } from './market.ts';

/** A board that can be in trouble. */
class TroubledDevice extends MemoryDevice {
  private listener: DeviceListener = {};
  override listen(listener: DeviceListener): () => void {
    this.listener = listener;
    return super.listen(listener);
  }
  fault(fault: number, count: number): void {
    this.listener.onFault?.(fault, count);
  }
  refuse(code: Code, detail: string): void {
    this.listener.onRefused?.(refuse(code, detail));
  }
  comesBack(): void {
    this.listener.onState?.({ online: true });
  }
  goes(): void {
    this.listener.onState?.({ online: false, code: 'device-failed', detail: 'unplugged' });
  }
}

let devices: Devices;

/** Resolves when the device has come, or gone, for the first time. */
const lookedFor = (open: OpenDevice, user: Partial<DeviceUser>, retryMs?: number): Promise<void> =>
  new Promise((resolve) => {
    const onState: DeviceUser['onState'] = (...state) => {
      user.onState?.(...state);
      resolve();
    };
    const silent = { onReading: () => {}, onFault: () => {}, onMeter: () => {} };
    devices = new Devices([boardAt('station')], open, { ...silent, ...user, onState }, retryMs);
    devices.start();
  });

const test = suite('Devices');

test('tell each kind of a board’s trouble once, and how often in their status', async () => {
  const board = new TroubledDevice();
  const told: string[] = [];
  await lookedFor(async () => ok(board), {
    onFault: (name, sentence) => told.push(`${name}: ${sentence}`),
  });
  for (const count of [1, 2, 3]) board.fault(1, count);
  board.fault(8, 1);
  board.fault(3, 1);
  for (const line of ['a', 'b', 'c']) board.refuse('object-malformed', `no number in ${line}`);
  assert.equal(told, [
    'station: the sensor does not answer: check its wires (once)',
    'station: its watchdog restarted the board: check its supply (once)',
    'station: no number in a',
  ]);
  const [status] = devices.status();
  assert.match(status!.faults[0]!, '(3 times)');
  assert.is(status!.faults.length, 3, 'what is just not there is no news, but can be read');
  assert.equal(status!.refused, ['no number in c']);
  board.comesBack();
  assert.equal(devices.status()[0]!.faults, [], 'a board that is back tells what is left of it');
  await devices.close();
});

test('tell news from a device that has a sensor more than before', async () => {
  const board = new TroubledDevice();
  const told: string[] = [];
  await lookedFor(async () => ok(board), {
    onState: (_, device, isNews) =>
      told.push(`${device === null ? 'away' : 'there'}${isNews ? ', which is news' : ''}`),
    onFault: (_, sentence) => told.push(sentence),
  });
  board.refuse('object-malformed', 'no number');
  board.comesBack();
  board.refuse('object-malformed', 'no number');
  board.goes();
  board.comesBack();
  board.refuse('object-malformed', 'no number');
  assert.equal(told, [
    ...['there, which is news', 'no number', 'there'],
    ...['away, which is news', 'there, which is news', 'no number'],
  ]);
  await devices.close();
});

test('fill no log for a device that comes and goes without end', async () => {
  const board = new TroubledDevice();
  let [states, news, faults] = [0, 0, 0];
  await lookedFor(async () => ok(board), {
    onState: (_name, _device, isNews) => {
      states++;
      if (isNews) news++;
    },
    onFault: () => faults++,
  });
  for (let i = 0; i < 1000; i++) {
    board.goes();
    board.comesBack();
    board.refuse('object-malformed', 'no number');
  }
  assert.is(states, 2001, 'whoever sells knows it each time');
  assert.ok(news + faults >= 16 && news + faults <= 18, `${news} and ${faults}`);
  await devices.close();
});

test('tell once for each reason that a device cannot be opened, and go on looking', async () => {
  const told: string[] = [];
  const reasons: Code[] = ['port-denied', 'port-denied', 'port-missing', 'port-denied'];
  const open = async () => {
    const code = reasons.shift();
    return code === undefined ? ok(new MemoryDevice()) : refuse(code, `${code}, ${reasons.length} to come`);
  };
  await lookedFor(open, { onFault: (name, sentence) => told.push(`${name}: ${sentence}`) }, 1);
  assert.equal(told, ['station: port-denied, 3 to come', 'station: port-missing, 1 to come']);
  await devices.close();
});
test.run();

const text = suite('faultText');

text('has words for every fault of the specification, and for one that is newer', () => {
  const spec = readFileSync(new URL('../../schemas/spec/serial.md', import.meta.url), 'utf8');
  const [, section] = spec.split('## 4. Faults');
  const numbers = [...section!.split('\n## ')[0]!.matchAll(/^\| (\d+) /gm)].map((row) => Number(row[1]));
  assert.is(numbers.length, 9);
  for (const fault of numbers) assert.not.match(faultText(fault, 1), 'does not know');
  assert.match(
    faultText(Math.max(...numbers) + 1, 2),
    'fault 10, which this program does not know (2 times)',
  );
});

text.run();
