import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Effect, Event, Mark } from '../../agent/engine/effects.ts';
import { NO_MARK } from '../../agent/engine/effects.ts';
import { type Journal, openJournal } from '../../agent/journal.ts';
import { type Lane, Turns } from '../../agent/turns.ts';
import type { Refusal } from '../../schemas/result.ts';
import { Disk } from './disk.ts';
import { taken } from './market.ts';

const PATH = '/state/leases.journal';

const markOf = (readings: number): Mark => ({ ...NO_MARK, readings });

/** A lane that journals every message and sends it on, and sends one tick for all of them at the flush. */
class EchoLane implements Lane {
  readonly heard: string[] = [];
  readonly sent: string[] = [];
  readonly marks: number[] = [];
  ended = false;
  touched = false;
  mark: Mark | null = null;
  private count = 0;
  private unpaid = 0;
  private readonly log: string[];
  private readonly disk: Disk;

  constructor(log: string[], disk: Disk) {
    this.log = log;
    this.disk = disk;
  }

  readonly step = (event: Event): readonly Effect[] => {
    this.heard.push(event.kind);
    if (event.kind === 'durable') this.marks.push(event.mark.readings);
    if (event.kind === 'flush' && this.unpaid > 0) {
      const tick = `tick ${this.unpaid}`;
      this.unpaid = 0;
      return [{ kind: 'stream', bytes: Buffer.from(tick) }];
    }
    if (event.kind !== 'message') return [];
    this.unpaid++;
    this.count++;
    return [
      { kind: 'journal', record: event.bytes, mark: markOf(this.count) },
      { kind: 'stream', bytes: event.bytes },
    ];
  };

  readonly perform = (effect: Effect): void => {
    if (effect.kind !== 'stream') return;
    const writes = this.disk.calls.filter((call) => call === 'writeSync').length;
    this.sent.push(Buffer.from(effect.bytes).toString());
    this.log.push(`send after ${writes} writes`);
  };

  readonly records = (): readonly Uint8Array[] => [Buffer.from('all')];
}

type SetUp = {
  readonly disk: Disk;
  readonly turns: Turns;
  readonly lane: EchoLane;
  readonly log: string[];
  readonly blocks: (string | null)[];
  readonly clock: { ms: number | null };
};

/** `journalBytes` is what the journal held at its opening. */
const setUp = (journalBytes = 0): SetUp => {
  const disk = new Disk();
  const log: string[] = [];
  const blocks: (string | null)[] = [];
  const clock: { ms: number | null } = { ms: 1 };
  let turns: Turns | undefined;
  const journal: Journal = taken(
    openJournal(PATH, {
      kind: 'leases',
      onRecord: () => {},
      onDurable: (record) => turns?.onDurable(record),
      files: disk.files,
    }),
  );
  const onBlocked = (refusal: Refusal | null): number => blocks.push(refusal?.code ?? null);
  turns = new Turns(journal, journalBytes, new Set<Lane>(), () => clock.ms, onBlocked);
  const lane = new EchoLane(log, disk);
  turns.begin(lane, []);
  disk.calls.length = 0;
  return { disk, turns, lane, log, blocks, clock };
};

const message = (text: string): Event => ({ kind: 'message', bytes: Buffer.from(text) });
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const test = suite('Turns');

test('writes what came in together once, then sends it in order, and flushes each lane once', async () => {
  const { disk, turns, lane, log } = setUp();
  for (const text of ['a', 'b', 'c']) turns.step(lane, message(text));
  assert.equal(lane.sent, [], 'nothing is sent in the middle of a turn');
  await nextTurn();
  assert.equal(lane.sent, ['a', 'b', 'c', 'tick 3']);
  assert.equal(lane.heard, ['message', 'message', 'message', 'flush']);
  assert.is(disk.calls.filter((call) => call === 'writeSync').length, 1);
  assert.equal(new Set(log), new Set(['send after 1 writes']));
});

test('takes nothing before the time is known', async () => {
  const { turns, lane, clock } = setUp();
  clock.ms = null;
  assert.is(turns.open, false);
  turns.step(lane, message('early'));
  await nextTurn();
  assert.equal(lane.heard, []);
});

test('hands back the newest mark that the disk holds, once', async () => {
  const { disk, turns, lane } = setUp();
  for (const text of ['a', 'b']) turns.step(lane, message(text));
  await nextTurn();
  assert.equal(lane.marks, []);
  disk.finishSync();
  assert.equal(lane.marks, [2]);
});

test('sends nothing and takes nothing while the disk is full, and goes on with all of it later', async () => {
  const { disk, turns, lane, blocks } = setUp();
  let full = true;
  disk.fault = (call) => (full && call === 'writeSync' ? 'ENOSPC' : undefined);
  turns.step(lane, message('a'));
  await nextTurn();
  assert.equal(blocks, ['storage-full']);
  assert.is(turns.open, false);
  turns.step(lane, message('lost, and repeated by the peer'));
  turns.onTimer();
  assert.equal(lane.sent, []);
  full = false;
  turns.onTimer();
  await nextTurn();
  assert.equal(blocks, ['storage-full', null]);
  assert.equal(lane.sent, ['a', 'tick 1']);
  turns.step(lane, message('b'));
  await nextTurn();
  assert.equal(lane.sent, ['a', 'tick 1', 'b', 'tick 1']);
});

test('hands back marks that came while the disk was full', async () => {
  const { disk, turns, lane } = setUp();
  turns.step(lane, message('a'));
  await nextTurn();
  disk.fault = (call) => (call === 'writeSync' ? 'ENOSPC' : undefined);
  turns.step(lane, message('b'));
  await nextTurn();
  disk.finishSync();
  assert.equal(lane.marks, []);
  disk.fault = () => undefined;
  turns.onTimer();
  assert.equal(lane.marks, [1]);
});

test('does what waits for the disk when the disk has it', async () => {
  const { disk, turns } = setUp();
  let done = false;
  disk.fault = () => 'EIO';
  turns.afterSync(() => {
    done = true;
  });
  turns.step(new EchoLane([], disk), message('a'));
  await nextTurn();
  disk.fault = () => undefined;
  turns.onTimer();
  assert.is(done, false); // written, not synced
  disk.finishSync();
  assert.is(done, true);
});

test('steps no lane that has ended, and none after it is closed', async () => {
  const { turns, lane } = setUp();
  lane.ended = true;
  turns.step(lane, message('a'));
  lane.ended = false;
  turns.close();
  turns.step(lane, message('b'));
  await nextTurn();
  assert.equal(lane.heard, []);
});

test('begins a long journal anew with what the lanes still need', async () => {
  const almost = 16 * 1024 * 1024 - 1;
  const { disk, turns, lane } = setUp(almost);
  turns.onTimer();
  const before = disk.read(PATH).length;
  turns.step(lane, { kind: 'message', bytes: Buffer.alloc(10_000) });
  await nextTurn();
  assert.ok(disk.read(PATH).length > before + 10_000);
  turns.onTimer();
  assert.ok(disk.read(PATH).length < before + 100, 'the record of all is short');
  assert.equal(lane.marks, [1], 'what was begun anew is on the disk');
});

test.run();
