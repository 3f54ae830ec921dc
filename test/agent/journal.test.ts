import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RECORD_BYTES_MAX } from '../../agent/journal-scan.ts';
import { toHex } from '../../schemas/bytes.ts';
import { encodeCbor } from '../../schemas/cbor.ts';
import { encodeFrame } from '../../schemas/frame.ts';
import type { Result } from '../../schemas/result.ts';
import { Disk } from './disk.ts';
import { codeOf, hexes, KIND, open, PATH, record, take } from './journal-on-disk.ts';

/** A disk with a cleanly closed journal of the records 1 to count. */
const closed = async (count: number, length = 20): Promise<Disk> => {
  const disk = new Disk();
  const journal = take(open(disk).result);
  for (let n = 1; n <= count; n++) take(journal.append(record(n, length)));
  take(await journal.close());
  assert.is(disk.openFiles, 0);
  disk.cutPower(() => false); // closing leaves nothing to lose, its marks included
  return disk;
};

const journalSuite = suite('Journal');

journalSuite('replays the flushed records in order and numbers on', async () => {
  const disk = await closed(5);
  const again = open(disk);
  assert.equal(again.records, hexes(5));
  assert.is(take(take(again.result).append(record(6))), 6);
  assert.is(take(take(again.result).flush()), 6);
  disk.kill();
  assert.equal(open(disk).records, hexes(6));
});

journalSuite('carries records of every size up to the largest and throws on a larger one', async () => {
  const disk = new Disk();
  const journal = take(open(disk).result);
  for (const length of [0, 1, 253, 254, 255, 256, 65000, RECORD_BYTES_MAX]) {
    take(journal.append(new Uint8Array(length).fill(length & 1)));
  }
  assert.throws(() => journal.append(new Uint8Array(RECORD_BYTES_MAX + 1)), /record of 65537 bytes/);
  take(await journal.close());
  assert.throws(() => journal.append(record(1)), /closed/);
  assert.equal(
    open(disk).records.map((hex) => hex.length / 2),
    [0, 1, 253, 254, 255, 256, 65000, RECORD_BYTES_MAX],
  );
});

journalSuite('writes a turn with one call, and not what was not flushed', () => {
  const disk = new Disk();
  const journal = take(open(disk).result);
  disk.calls.length = 0;
  for (let n = 1; n <= 50; n++) journal.append(record(n));
  take(journal.flush());
  assert.equal(disk.calls, ['writeSync']);
  journal.append(record(51));
  disk.kill();
  assert.equal(open(disk).records, hexes(50));
});

journalSuite('keeps a prefix of whole records wherever the file ends', () => {
  const disk = new Disk();
  const journal = take(open(disk).result);
  const header = disk.read(PATH).length;
  const ends = [header];
  for (let n = 1; n <= 12; n++) {
    journal.append(record(n));
    journal.flush();
    ends.push(disk.read(PATH).length);
  }
  const whole = disk.read(PATH).slice();
  for (let length = 0; length <= whole.length; length++) {
    const cut = new Disk();
    cut.write(PATH, whole.slice(0, length));
    const { result, records } = open(cut);
    if (length < header) assert.is(codeOf(result), 'storage-failed');
    else {
      const count = ends.filter((end) => end <= length).length - 1;
      assert.equal(records, hexes(count));
      assert.is(take(result).tornBytes, length - ends[count]!);
      take(take(result).append(record(count + 1)));
      take(take(result).flush());
      cut.kill();
      assert.equal(open(cut).records, hexes(count + 1));
    }
  }
});

journalSuite('refuses a change anywhere before the bytes that were safe, and names the place', async () => {
  const disk = await closed(8);
  const whole = disk.read(PATH).slice();
  const text = (at: number): string => {
    const damaged = new Disk();
    const bytes = whole.slice();
    bytes[at]! ^= 0x10;
    damaged.write(PATH, bytes);
    const { result, records } = open(damaged);
    assert.equal(records, hexes(records.length));
    if (result.ok) return 'opened ' + records.length;
    assert.is(result.code, 'storage-failed');
    assert.is(damaged.openFiles, 0);
    assert.equal(damaged.read(PATH), bytes); // nothing is cut before someone has looked
    return result.detail;
  };
  const lastRecordEnd = whole.length - 2 * encodeFrame(new Uint8Array([0x44, ...encodeCbor(200)])).length;
  for (let at = 0; at < lastRecordEnd; at++) assert.match(text(at), /damaged/);
  assert.match(text(lastRecordEnd - 1), /damaged at byte \d+.*truncate -s \d+ \/state\/money\.journal/);
});

journalSuite('cuts at the first damage after the bytes that were safe, whole frames behind it or not', () => {
  for (const damage of ['zeros', 'noise'] as const) {
    const disk = new Disk();
    const journal = take(open(disk).result);
    for (let n = 1; n <= 3; n++) journal.append(record(n));
    journal.flush();
    disk.finishSync();
    const safe = disk.read(PATH).length;
    for (let n = 4; n <= 9; n++) journal.append(record(n));
    journal.flush();
    const bytes = disk.read(PATH).slice();
    const frame = (bytes.length - safe) / 6;
    bytes.fill(damage === 'zeros' ? 0 : 0xee, safe + frame, safe + 2 * frame);
    disk.kill();
    disk.write(PATH, bytes);
    const again = open(disk);
    assert.equal(again.records, hexes(4));
    assert.is(take(again.result).tornBytes, 5 * frame);
    assert.is(disk.read(PATH).length, safe + frame);
  }
});

journalSuite('refuses what is no journal, another kind, and a newer version', async () => {
  const frameOf = (version: number, kind: string): Uint8Array =>
    encodeFrame(new Uint8Array([0x48, ...encodeCbor(['tb1/journal', version, kind])]));
  const codes = [
    new Uint8Array(0),
    new TextEncoder().encode('{"money": 1}'),
    encodeFrame(record(1)),
    frameOf(1, 'other'),
    frameOf(2, KIND),
    frameOf(1, KIND),
  ].map((bytes) => {
    const disk = new Disk();
    disk.write(PATH, bytes);
    return codeOf(open(disk).result);
  });
  const failed = 'storage-failed';
  assert.equal(codes, [failed, failed, failed, failed, 'storage-newer', 'ok']);
});

journalSuite(
  'refuses on a full disk, leaves whole records in the file, and goes on once there is room',
  async () => {
    for (const cutWorks of [true, false]) {
      const disk = new Disk();
      const journal = take(open(disk).result);
      journal.append(record(1));
      take(journal.flush());
      disk.writeBytesMax = 30; // two of three pieces fit
      let pieces = 2;
      disk.fault = (call) => {
        if (call === 'writeSync') return pieces-- > 0 ? undefined : 'ENOSPC';
        return call === 'ftruncateSync' && !cutWorks ? 'EIO' : undefined;
      };
      for (let n = 2; n <= 4; n++) journal.append(record(n));
      const size = disk.read(PATH).length;
      assert.is(codeOf(journal.flush()), 'storage-full');
      if (cutWorks) assert.is(disk.read(PATH).length, size);
      assert.is(codeOf(journal.flush()), 'storage-full');
      disk.fault = () => undefined;
      assert.is(take(journal.flush()), 4);
      disk.kill();
      assert.equal(open(disk).records, hexes(4));
    }
  },
);

journalSuite('writes again what a failed sync may have dropped', async () => {
  const disk = new Disk();
  const faults: string[] = [];
  const durable: number[] = [];
  const onFault = (refusal: { code: string }): void => void faults.push(refusal.code);
  const journal = take(open(disk, { onFault, onDurable: (count) => durable.push(count) }).result);
  for (let n = 1; n <= 3; n++) journal.append(record(n));
  take(journal.flush());
  disk.fault = (call) => (call === 'fdatasync' ? 'EIO' : undefined);
  disk.finishSync();
  assert.equal(faults, ['storage-failed']);
  disk.fault = () => undefined;
  journal.append(record(4));
  take(await journal.close());
  assert.equal(durable, [4]);
  disk.cutPower(() => false);
  assert.equal(open(disk).records, hexes(4));
});

journalSuite('does not take a sync that failed while closing for done', async () => {
  const disk = new Disk();
  const journal = take(open(disk).result);
  journal.append(record(1));
  take(journal.flush());
  const closing = journal.close();
  disk.fault = (call) => (call === 'fdatasync' ? 'EIO' : undefined);
  disk.finishSync();
  take(await closing);
  disk.cutPower(() => false);
  assert.equal(open(disk).records, hexes(1));
});

journalSuite('syncs once for all flushes that came while it synced', () => {
  const disk = new Disk();
  const durable: number[] = [];
  const journal = take(open(disk, { onDurable: (count) => durable.push(count) }).result);
  for (let n = 1; n <= 10; n++) {
    journal.append(record(n));
    take(journal.flush());
  }
  assert.is(disk.syncs.length, 1);
  disk.finishSync();
  assert.equal(durable, [1]);
  assert.is(disk.syncs.length, 1);
  disk.finishSync();
  assert.equal(durable, [1, 10]);
  assert.is(disk.syncs.length, 0); // its own mark is no reason to sync
});

journalSuite('says busy once the disk lags by more than memory holds, and goes on after', () => {
  const disk = new Disk();
  const journal = take(open(disk).result);
  const large = new Uint8Array(RECORD_BYTES_MAX).fill(1);
  let last: Result<number> = journal.append(large);
  take(journal.flush());
  let appended = 1;
  while (last.ok && appended < 1000) {
    last = journal.append(large);
    if (last.ok) appended++;
  }
  assert.is(codeOf(last), 'busy');
  assert.ok(appended < 70);
  take(journal.flush());
  disk.finishSync();
  disk.finishSync();
  assert.is(take(journal.append(large)), appended + 1);
});

journalSuite('waits for the disk where one turn brings more than memory holds', async () => {
  const disk = new Disk();
  const journal = take(open(disk).result);
  const large = new Uint8Array(RECORD_BYTES_MAX).fill(1);
  for (let n = 1; n <= 150; n++) assert.is(take(journal.append(large)), n);
  take(await journal.close());
  assert.is(open(disk).records.length, 150);
});

journalSuite('writes again what was dropped while it waited for the disk', async () => {
  const disk = new Disk();
  const journal = take(open(disk).result);
  const large = new Uint8Array(RECORD_BYTES_MAX).fill(1);
  disk.fault = (call) => (call === 'fdatasyncSync' ? 'EIO' : undefined);
  let count = 0;
  while (journal.append(large).ok) count++;
  disk.fault = () => undefined;
  take(await journal.close());
  disk.cutPower(() => false);
  assert.is(open(disk).records.length, count);
});

journalSuite('begins the file anew with what is still needed', async () => {
  const disk = await closed(100);
  const before = disk.read(PATH).length;
  const journal = take(open(disk).result);
  journal.append(record(101));
  take(journal.flush());
  assert.is(take(journal.rewrite([record(1), record(2)])), 101);
  disk.finishSync(); // of the old file, which is closed only now
  assert.is(disk.openFiles, 1);
  assert.ok(disk.read(PATH).length < before / 10);
  assert.is(take(journal.append(record(3))), 102);
  take(journal.flush());
  disk.finishSync();
  take(journal.rewrite([record(1), record(2), record(3)]));
  assert.is(disk.openFiles, 1);
  disk.cutPower((sector) => sector !== -2);
  assert.equal(open(disk).records, hexes(3));
});

journalSuite('keeps the old or the new file whatever fails while it begins anew', async () => {
  for (let failing = 0; ; failing++) {
    const disk = await closed(20);
    const journal = take(open(disk).result);
    let left = failing;
    disk.fault = () => (left-- === 0 ? 'EIO' : undefined);
    const rewritten = journal.rewrite([record(1)]);
    disk.fault = () => undefined;
    const appended = journal.append(record(21));
    const flushed = journal.flush();
    disk.cutPower((sector) => sector >= -1);
    const { records } = open(disk);
    if (rewritten.ok) {
      assert.equal(records, [record(1), record(21)].map(toHex));
      break;
    }
    assert.is(rewritten.code, 'storage-failed');
    assert.ok(appended.ok);
    if (flushed.ok) assert.equal(records, hexes(21));
    else assert.ok(records.length === 20 || records.length === 1);
  }
});

journalSuite.run();
