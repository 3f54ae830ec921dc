import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { AgentStatus, LeaseStatus } from '../../../agent/status.ts';
import { statusLines } from '../../../agent/view/status.ts';
import { stylesFor } from '../../../agent/view/style.ts';
import { newHealth } from '../../../firmware-bridge/audience.ts';

const PLAIN = stylesFor(false, {});

const SALE: LeaseStatus = {
  lease: 'abcdef0123456789',
  role: 'sale',
  name: 'outdoor-temperature',
  peer: 'n',
  phase: 'selling',
  unit: 'Cel',
  currency: 'EUR',
  priceNano: 2_000_000,
  readingsMax: 300,
  delivered: 40,
  paid: 32,
  paidNano: 64_000_000,
  durableNano: 50_000_000,
  unpaidNano: 16_000_000,
  windowNano: 32_000_000,
  claimedNano: 20_000_000,
  disputed: 0,
  backing: 'guaranteed',
  defaultBorneBy: 'guaranteed: the settler',
};

const STATUS: AgentStatus = {
  id: 'n',
  did: 'did:key:z6Mk',
  uptimeMs: 1,
  connected: true,
  timeProven: false,
  blocked: null,
  devices: [],
  leases: [],
  demands: [],
  ended: [],
  rules: [],
  owner: { budgets: [], devices: [], lines: [], consents: [], disputes: [] },
  traffic: { messages: 0, payloadBytes: 0, packetBytes: 0 },
  notices: [],
};

/** The cells of the only lease, by the titles of their columns. */
const cellsOf = (lease: LeaseStatus): Record<string, string> => {
  const lines = statusLines({ ...STATUS, leases: [lease] }, PLAIN);
  const [titles, cells] = lines.slice(-2).map((line) => line.trim().split(/ {2,}/));
  return Object.fromEntries(titles!.map((title, i) => [title, cells![i] ?? '']));
};

const STATION = {
  ...{ name: 'station', ready: true, detail: 'weather-station' },
  ...{ health: null, faults: [], refused: [], meter: null },
};

const test = suite('statusLines');

test('show what the other side may still owe, and what a crash of ours would cost', () => {
  const cells = cellsOf(SALE);
  assert.is(cells['at risk'], '0.016 EUR');
  assert.is(cells['in a crash'], '0.03 EUR', 'unpaid, and paid but not on the disk');
});

test('show who loses what a buyer does not pay', () => {
  assert.is(cellsOf(SALE)['default borne by'], 'guaranteed: the settler');
});

test('say in the first lines whether it can sell: connection, time, disk', () => {
  const [did, health] = statusLines({ ...STATUS, blocked: 'storage-full: make room' }, PLAIN);
  assert.is(did, 'did:key:z6Mk');
  assert.is(health, '● connected   ● time not proven yet   ● storage-full: make room');
});

test('say why a metered board in full health is silent', () => {
  const meter = { type: 'meter', number: 0, seq: 0, index: 0, delivered: 0, room: 0 } as const;
  const device = { ...STATION, meter };
  const lineOf = (state: typeof meter | null): string =>
    statusLines({ ...STATUS, devices: [{ ...device, meter: state }] }, PLAIN).find((line) =>
      line.includes('station'),
    )!;
  assert.is(lineOf(null), '● device station: weather-station');
  assert.match(lineOf(meter), 'its meter waits for a sale');
  assert.match(lineOf({ ...meter, number: 7, delivered: 120 } as never), 'has delivered 120, room for 0');
});

test('say what a device said that was of no use, and why', () => {
  const health = { ...newHealth(), strays: 12 };
  const device = { ...STATION, health, refused: ['no field "temp": the line has t, h'] };
  const lines = statusLines({ ...STATUS, devices: [device] }, PLAIN);
  const at = lines.findIndex((line) => line.includes('station'));
  assert.equal(lines.slice(at + 1, at + 3), [
    '  12 messages were of no use; the newest:',
    '  no field "temp": the line has t, h',
  ]);
});

test.run();
