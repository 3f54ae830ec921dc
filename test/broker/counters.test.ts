import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type CounterStore, openCounterFile } from '../../broker/counter-file.ts';
import { Counters, encodeCounter } from '../../broker/counters.ts';
import { encodeCbor } from '../../schemas/cbor.ts';
import { encodeFrame } from '../../schemas/frame.ts';
import { labelOf } from '../../schemas/identity.ts';
import { expectOk, temporaryFolder } from './harness.ts';

const userOf = (n: number): string => {
  const hash = new Uint8Array(32);
  new DataView(hash.buffer).setUint32(0, n);
  return labelOf(hash);
};

const table = suite('Counters');

table('never admits a counter twice, however many users it has to forget', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(30), fc.nat(1000)), { maxLength: 200 }), (attempts) => {
      const counters = new Counters();
      const used = new Set<string>();
      for (const [n, counter] of attempts) {
        if (counter <= counters.last(userOf(n))) continue;
        counters.raise(userOf(n), counter);
        assert.not.ok(used.has(`${n} ${counter}`));
        used.add(`${n} ${counter}`);
        if (counters.size > 8) counters.forget(8);
        assert.ok(counters.size <= 8);
      }
    }),
  );
});

table('forgets those with the lowest counters first', () => {
  const counters = new Counters();
  for (let n = 1; n <= 16; n++) counters.raise(userOf(n), n * 10);
  counters.forget(16);
  assert.is(counters.size, 14);
  assert.is(counters.last(userOf(1)), 20);
  assert.is(counters.last(userOf(99)), 20);
  assert.is(counters.last(userOf(3)), 30);
});

table('throws on a counter that does not rise', () => {
  const counters = new Counters();
  counters.raise(userOf(1), 5);
  assert.throws(() => counters.raise(userOf(1), 5), /does not rise/);
});

table.run();

const file = suite<{ folder: string; path: string }>('openCounterFile');

file.before.each((context) => {
  context.folder = temporaryFolder();
  context.path = join(context.folder, 'counters');
});
file.after.each((context) => {
  rmSync(context.folder, { recursive: true });
});

const reopen = async (path: string, keysMax = 1000): Promise<CounterStore> =>
  expectOk(await openCounterFile(path, keysMax));

const refusalOf = async (path: string): Promise<string> => {
  const opened = await openCounterFile(path, 1000);
  if (!opened.ok) return opened.code;
  await opened.value.close();
  return 'opened';
};

/** A closed file with user n at 100 + n, for n of 1 to `users`. */
const written = async (path: string, users: number): Promise<void> => {
  const store = await reopen(path);
  for (let n = 1; n <= users; n++) expectOk(await store.raise(userOf(n), 100 + n));
  await store.close();
};

file('remembers every counter, in a file that only its owner reads', async ({ path }) => {
  await written(path, 20);
  assert.is(statSync(path).mode & 0o777, 0o600);
  const store = await reopen(path);
  for (let n = 1; n <= 20; n++) assert.is(store.last(userOf(n)), 100 + n);
  assert.is(store.last(userOf(21)), -1);
  await store.close();
});

file('has each counter in the file when its promise resolves', async ({ path }) => {
  const store = await reopen(path);
  const raised = Array.from({ length: 50 }, async (_, n) => {
    expectOk(await store.raise(userOf(n), n + 1));
    assert.ok(readFileSync(path).includes(Buffer.from(encodeCounter(userOf(n), n + 1))));
  });
  assert.is(store.last(userOf(49)), 50);
  await Promise.all(raised);
  await store.close();
});

file('cuts off a torn tail and goes on', async ({ path }) => {
  await written(path, 3);
  const torn = encodeCounter(userOf(4), 104);
  for (let length = 1; length < torn.length; length++) {
    appendFileSync(path, torn.subarray(0, length));
    const store = await reopen(path);
    assert.is(store.last(userOf(3)), 103 + length - 1);
    assert.is(store.last(userOf(4)), -1);
    expectOk(await store.raise(userOf(3), 103 + length));
    await store.close();
  }
});

file('refuses damage before the tail', async ({ path }) => {
  await written(path, 3);
  const bytes = readFileSync(path);
  for (const at of [2, 30, 60]) {
    const damaged = Buffer.from(bytes);
    damaged[at]! ^= 4;
    writeFileSync(path, damaged);
    assert.is(await refusalOf(path), 'storage-failed');
  }
});

file('refuses what is no file of counters, and one of a newer version', async ({ path }) => {
  writeFileSync(path, encodeFrame(encodeCbor(['tb1/other', 1, -1])));
  assert.is(await refusalOf(path), 'storage-failed');
  writeFileSync(path, encodeFrame(encodeCbor(['tb1/counters', 2, -1])));
  assert.is(await refusalOf(path), 'storage-newer');
  const header = encodeFrame(encodeCbor(['tb1/counters', 1, -1]));
  writeFileSync(path, Buffer.concat([header, encodeFrame(encodeCbor(['nobody', 7]))]));
  assert.is(await refusalOf(path), 'storage-failed');
});

file('refuses a path it cannot use', async ({ folder, path }) => {
  assert.is(await refusalOf(join(folder, 'missing', 'counters')), 'storage-failed');
  mkdirSync(path);
  assert.is(await refusalOf(path), 'storage-failed');
});

file('answers a disk that fails, and still counts the counter as used', async ({ folder, path }) => {
  const store = await reopen(path, 2);
  for (let n = 1; n <= 2; n++) expectOk(await store.raise(userOf(n), n));
  mkdirSync(`${path}.new`); // the rewrite that the third user brings has nowhere to go
  const raised = await store.raise(userOf(3), 3);
  assert.is(raised.ok ? 'ok' : raised.code, 'storage-failed');
  assert.is(store.last(userOf(3)), 3);
  rmSync(`${path}.new`, { recursive: true });
  expectOk(await store.raise(userOf(3), 4));
  await store.close();
  assert.not.ok(existsSync(join(folder, 'counters.new')));
});

file('rewrites itself when most of it is history', async ({ path }) => {
  const store = await reopen(path);
  let biggest = 0;
  for (let round = 0; round < 10; round++) {
    await Promise.all(
      Array.from({ length: 1000 }, (_, n) => store.raise(userOf(1), round * 1000 + n + 1).then(expectOk)),
    );
    biggest = Math.max(biggest, statSync(path).size);
  }
  await store.close();
  assert.ok(biggest < 5100 * 44, `${biggest} bytes`);
  const again = await reopen(path);
  assert.is(again.last(userOf(1)), 10_000);
  await again.close();
});

file('forgets beyond its maximum and keeps the floor', async ({ path }) => {
  const store = await reopen(path, 16);
  for (let n = 1; n <= 17; n++) expectOk(await store.raise(userOf(n), n));
  await store.close();
  const again = await reopen(path, 16);
  assert.is(again.last(userOf(99)), 2);
  assert.is(again.last(userOf(17)), 17);
  await again.close();
});

file.run();
