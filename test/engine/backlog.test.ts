import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  appendReading,
  type Backlog,
  dropPaid,
  headAt,
  newBacklog,
  newestOf,
  readingAt,
} from '../../agent/engine/backlog.ts';
import { nativeCrypto } from '../../agent/host/crypto-native.ts';
import { nextHead } from '../../schemas/reading-chain.ts';

const { sha256 } = nativeCrypto();
const LEASE = new Uint8Array(32).fill(7);
const bytesOf = (n: number): Uint8Array => new Uint8Array([n >> 16, (n >> 8) & 255, n & 255]);

const filled = (count: number, base = 0): Backlog => {
  const backlog = newBacklog(base, LEASE);
  for (let n = base + 1; n <= base + count; n++) appendReading(backlog, bytesOf(n), sha256);
  return backlog;
};

const row = suite('backlog');

row('numbers readings from the first after its base', () => {
  assert.is(newestOf(newBacklog(0, LEASE)), 0);
  const backlog = filled(3, 40);
  assert.is(newestOf(backlog), 43);
  assert.equal(readingAt(backlog, 41), bytesOf(41));
  assert.equal(readingAt(backlog, 43), bytesOf(43));
});

row('knows the head after each reading it keeps, and after its base', () => {
  const backlog = filled(3);
  const one = nextHead(sha256, LEASE, 1, bytesOf(1));
  assert.equal(headAt(backlog, 0), LEASE);
  assert.equal(headAt(backlog, 1), one);
  assert.equal(headAt(backlog, 2), nextHead(sha256, one, 2, bytesOf(2)));
  assert.is(headAt(backlog, 4), null);
  assert.is(headAt(filled(1, 40), 39), null);
});

row('lets go of what is paid, but keeps the last 512', () => {
  const backlog = filled(600);
  const head = headAt(backlog, 88);
  dropPaid(backlog, 600);
  assert.is(backlog.base, 88);
  assert.equal(backlog.baseHead, head);
  assert.equal(readingAt(backlog, 89), bytesOf(89));
  assert.is(newestOf(backlog), 600);
});

row('lets go of nothing unpaid, and of nothing twice', () => {
  const backlog = filled(600);
  dropPaid(backlog, 400);
  assert.is(backlog.base, 0);
  dropPaid(backlog, 520);
  dropPaid(backlog, 515);
  assert.is(backlog.base, 8);
  dropPaid(backlog, 9999);
  assert.is(backlog.base, 88, 'no further than what there is');
});

row('stays a window over a long row: nothing shifts, memory is given back', () => {
  const backlog = filled(0);
  let head: Uint8Array = LEASE;
  for (let n = 1; n <= 20_000; n++) {
    appendReading(backlog, bytesOf(n), sha256);
    head = nextHead(sha256, head, n, bytesOf(n));
    dropPaid(backlog, n);
    assert.equal(readingAt(backlog, n), bytesOf(n));
    assert.ok(backlog.kept.length <= 512 + 2 * 1024);
  }
  assert.is(backlog.base, 20_000 - 512);
  assert.equal(headAt(backlog, 20_000), head);
  for (let n = backlog.base + 1; n <= 20_000; n++) assert.equal(readingAt(backlog, n), bytesOf(n));
});

row.run();
