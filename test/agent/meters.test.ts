/** Whose meter keys are at hand, and the numbers of what they sign. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Authorise, type Meters, openMeters } from '../../agent/meters.ts';
import type { Device, Meter } from '../../firmware-bridge/device.ts';
import { toHex } from '../../schemas/bytes.ts';
import { installationMac } from '../../schemas/meter.ts';
import { ok } from '../../schemas/result.ts';
import type { Installation } from '../../schemas/serial.ts';
import { crypto, filled } from '../vectors/parties.ts';
import { boardAt } from './board-at.ts';
import { HandSale } from './hand-sale.ts';
import { MemoryDevice, taken } from './market.ts';

const KEY = filled(0x4b);
const U32_MAX = 4_294_967_295;

let state = '';

/** A device whose meter takes whatever it is given. */
const metered = (
  keySet: boolean,
  number = 0,
): { device: Device; installed: [Installation, Uint8Array][] } => {
  const installed: [Installation, Uint8Array][] = [];
  const meter: Meter = {
    keySet,
    state: { type: 'meter', number, seq: 0, index: 0, delivered: 0, room: 0 },
    install: async (installation, mac) => {
      installed.push([installation, mac]);
      return ok(undefined);
    },
    pay: () => {},
  };
  return { device: Object.assign(new MemoryDevice(), { meter: meter as unknown as null }), installed };
};

const opened = (meterKey: string | null, authorise?: Authorise): { meters: Meters; told: string[] } => {
  const devices = [boardAt('board', { meterKey })];
  const meters = taken(openMeters({ state, devices }, { crypto, ...(authorise && { authorise }) }));
  const told: string[] = [];
  meters.nowMs = () => Date.now();
  meters.onNotice = (code, detail) => told.push(`${code}: ${detail}`);
  return { meters, told };
};

/** What a sale that begins has installed. */
const firstOf = async (meters: Meters, number = 0): Promise<[Installation, Uint8Array]> => {
  const { device, installed } = metered(true, number);
  const sale = new HandSale();
  sale.voucher(1);
  meters.of('board')!.onDevice(device.meter);
  meters.of('board')!.begin(sale.lane, 8);
  await new Promise((resolve) => setImmediate(resolve));
  return installed[0]!;
};

const test = suite('Meters');
test.before.each(() => {
  state = mkdtempSync(join(tmpdir(), 'meters-'));
});
test.after.each(() => rmSync(state, { recursive: true }));

const keyFile = (): string => {
  const path = join(state, 'key');
  writeFileSync(path, toHex(KEY), { mode: 0o600 });
  return path;
};

test('signs with the key of the file', async () => {
  const { meters } = opened(keyFile());
  const [installation, mac] = await firstOf(meters);
  assert.equal(mac, installationMac(crypto.sha256, KEY, installation));
});

test('refuses a file that is none, before anything is sold', () => {
  const devices = [boardAt('board', { meterKey: join(state, 'none') })];
  const none = openMeters({ state, devices }, { crypto });
  assert.is(none.ok ? '' : none.code, 'key-file');
});

test('gives each installation a number of its own, on the disk before it is used', async () => {
  const numbers: number[] = [];
  for (let start = 0; start < 5; start++) {
    const [installation] = await firstOf(opened(keyFile()).meters);
    assert.is(Number(readFileSync(join(state, 'installations'), 'utf8')), installation.number);
    numbers.push(installation.number);
  }
  assert.ok(
    numbers.every((number, i) => i === 0 || number > numbers[i - 1]!),
    numbers.join(),
  );
  assert.ok(Math.abs(numbers[0]! - Date.now() / 1000) < 60);
});

test('goes above what a chip has seen, but not where a chip pretends', async () => {
  const seen = Math.floor(Date.now() / 1000) + 3600;
  assert.is((await firstOf(opened(keyFile()).meters, seen))[0].number, seen + 1);
  const [installation] = await firstOf(opened(keyFile()).meters, U32_MAX);
  assert.is(installation.number, seen + 2);
});

test('believes the time of settlers and not its own clock, and goes on without', async () => {
  const numberAt = async (nowMs: number | null, seen: number): Promise<number> => {
    const { meters } = opened(keyFile());
    meters.nowMs = () => nowMs;
    return (await firstOf(meters, seen))[0].number;
  };
  assert.is(await numberAt(1_000_000_000_000, 0), 1_000_000_000);
  // A sale that runs on, before the time is proven.
  assert.is(await numberAt(null, 1_000_000_000), 1_000_000_001);
  assert.is(await numberAt(null, 1_000_000_500), 1_000_000_501);
  assert.is(await numberAt(null, U32_MAX), 1_000_000_502);
});

test('asks the owner where there is no file, by the name of the device', async () => {
  const asked: string[] = [];
  const { meters } = opened(null, async (device) => {
    asked.push(device);
    return ok(filled(7, 16));
  });
  const [, mac] = await firstOf(meters);
  assert.equal([asked, mac], [['board'], filled(7, 16)]);
});

test('says what is missing: a key here, a key there, a meter', () => {
  const withKey = opened(keyFile());
  assert.ok(withKey.meters.isOpen('board', metered(true).device));
  assert.equal(withKey.told, []);
  assert.ok(withKey.meters.isOpen('board', metered(false).device), 'it delivers freely, and can be sold');
  assert.ok(withKey.meters.isOpen('board', new MemoryDevice()));
  assert.ok(withKey.meters.isOpen('board', null));
  assert.match(withKey.told.join('\n'), /meters nothing without a key.*\n.*has no meter: take meterKey out/);
  const without = opened(null);
  assert.not.ok(without.meters.isOpen('board', metered(true).device));
  assert.ok(without.meters.isOpen('board', metered(false).device));
  assert.is(without.told.length, 1);
  assert.match(without.told[0]!, /^not-authorised: board: its meter has a key: name its file as meterKey/);
});

test.run();
