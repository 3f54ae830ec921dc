import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { OwnerStatus } from '../../../agent/owner/status.ts';
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

const NONE: OwnerStatus = { budgets: [], devices: [], lines: [], consents: [], disputes: [] };

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
  owner: NONE,
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

test('say what an owner lets this agent spend, and what was spent of it', () => {
  const limits = {
    settler: 's',
    currency: 'EUR',
    version: 3,
    totalNano: 200e9,
    dayNano: 10e9,
    sellerNano: 200e9,
  };
  const used = {
    reportedS: 1_795_168_800,
    spentNano: 41.5e9,
    reservedNano: 3.5e9,
    todayNano: 7e9,
    depositNano: 0,
  };
  const budget = { ...limits, ...used, expiryS: 1_826_704_800, owner: 'did:key:o', enrolled: false };
  const text = statusLines({ ...STATUS, owner: { ...NONE, budgets: [budget] } }, PLAIN).join('\n');
  assert.match(text, 'budget of did:key:o: 200.00 EUR in all, 10.00 EUR a day, until 2027-11-20 10:00');
  assert.match(text, 'the settler has not confirmed it yet');
  assert.match(text, '41.50 EUR spent, 3.50 EUR reserved, 7.00 EUR of both today (2026-11-20 10:00 UTC)');
});

test('say what a device wants of a person', () => {
  const limits = {
    settler: 's',
    currency: 'EUR',
    version: 3,
    totalNano: 200e9,
    dayNano: 200e9,
    sellerNano: 200e9,
  };
  const used = { reportedS: 0, spentNano: 0, reservedNano: 0, todayNano: 0, depositNano: 0, expiryS: 0 };
  const device = { ...limits, ...used, device: 'did:key:d', wantedNano: 20e9 };
  const linesFor = (wantedNano: number): string =>
    statusLines({ ...STATUS, owner: { ...NONE, devices: [{ ...device, wantedNano }] } }, PLAIN).join('\n');
  assert.match(linesFor(20e9), 'it wants 20.00 EUR more: raise its total in "owns" and restart');
  assert.not.match(linesFor(0), 'it wants');
  assert.match(linesFor(0), 'the settler has not said yet what was spent');
});

test('show lines, consents and disputes, and what the settler has not noted', () => {
  const line = { debtor: 'did:key:b', settler: 's', currency: 'EUR', limitNano: 50e9, noted: true };
  const consent = { settler: 's', currency: 'EUR', counterpartyNano: 20e9, noted: false };
  const dispute = {
    channel: 'ab'.repeat(32),
    open: true,
    delivered: 300,
    totalNano: 15,
    reason: 'why',
    noted: true,
  };
  const owner = { ...NONE, lines: [line], consents: [consent], disputes: [dispute] };
  const lines = statusLines({ ...STATUS, owner }, PLAIN);
  assert.ok(lines.includes('  trusts did:key:b with 50.00 EUR'));
  assert.ok(lines.some((one) => one.includes('up to 20.00 EUR each; the settler has not noted it yet')));
  assert.ok(
    lines.some((one) => one.includes('dispute of channel abababababab open: why; held here: 300 readings')),
  );
});

test.run();
