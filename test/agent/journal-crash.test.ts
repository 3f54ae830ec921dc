import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Journal, openJournal } from '../../agent/journal.ts';
import { Disk } from './disk.ts';
import { hexes, open, record, take } from './journal-on-disk.ts';

const journalSuite = suite('Journal in a crash');

type Step =
  | { readonly do: 'append' }
  | { readonly do: 'flush' }
  | { readonly do: 'finishSync' }
  | { readonly do: 'kill' }
  | { readonly do: 'heal' }
  | { readonly do: 'close' }
  | { readonly do: 'break'; readonly calls: readonly boolean[]; readonly code: string; readonly most: number }
  | { readonly do: 'cutPower'; readonly kept: readonly boolean[] };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom('append' as const).map((name) => ({ do: name })) },
    {
      weight: 10,
      arbitrary: fc
        .constantFrom('flush', 'flush', 'finishSync', 'finishSync', 'kill', 'heal', 'close')
        .map((name) => ({ do: name as 'flush' })),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('break' as const),
        calls: fc.array(fc.boolean(), { minLength: 1, maxLength: 7 }),
        code: fc.constantFrom('ENOSPC', 'EIO'),
        most: fc.integer({ min: 1, max: 90 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('cutPower' as const),
        kept: fc.array(fc.boolean(), { minLength: 3, maxLength: 40 }),
      }),
    },
  ),
  { maxLength: 120 },
);

journalSuite('loses nothing that it promised, whatever fails and whenever it dies', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (script) => {
      const disk = new Disk();
      let durable = 0;
      const reopen = (): Journal => {
        disk.fault = () => undefined;
        const opened = open(disk, { onDurable: (count) => (durable = count) });
        const journal = take(opened.result);
        // A prefix of what was appended, with all that was promised.
        assert.equal(opened.records, hexes(opened.records.length));
        assert.ok(opened.records.length <= appended, 'records from nowhere');
        assert.ok(opened.records.length >= promised, `${opened.records.length} of ${promised} promised`);
        appended = flushed = durable = opened.records.length;
        return journal;
      };
      let appended = 0;
      let flushed = 0;
      let promised = 0;
      let journal = reopen();
      for (const step of script) {
        if (step.do === 'append') {
          if (journal.append(record(appended + 1)).ok) appended++;
        } else if (step.do === 'flush') {
          const result = journal.flush();
          if (result.ok) flushed = result.value;
        } else if (step.do === 'finishSync') disk.finishSync();
        else if (step.do === 'heal') disk.fault = () => undefined;
        else if (step.do === 'break') {
          let call = 0;
          disk.writeBytesMax = step.most;
          disk.fault = () => (step.calls[call++ % step.calls.length] ? step.code : undefined);
        } else if (step.do === 'close') {
          const closing = journal.close();
          disk.finishSync();
          promised = (await closing).ok ? appended : durable;
          disk.cutPower(() => false);
          journal = reopen();
        } else {
          // A killed process leaves the cache; only a sync that failed may have dropped what was flushed.
          promised = durable;
          if (step.do === 'kill') disk.kill();
          else {
            let at = 0;
            disk.cutPower(() => step.kept[at++ % step.kept.length]!);
          }
          journal.close().catch(() => {}); // only its timer is still there
          journal = reopen();
        }
        assert.ok(durable <= flushed || step.do === 'finishSync');
      }
      const closing = journal.close(); // stops its timers
      disk.finishSync();
      await closing;
    }),
    { numRuns: 400 },
  );
});

journalSuite('loses no flushed record to kill -9, on a disk that works', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('append', 'append', 'flush', 'sync'), { maxLength: 60 }),
      async (script) => {
        const disk = new Disk();
        const journal = take(open(disk).result);
        let appended = 0;
        let flushed = 0;
        for (const step of script) {
          if (step === 'append') take(journal.append(record(++appended)));
          else if (step === 'flush') flushed = take(journal.flush());
          else disk.finishSync();
        }
        disk.kill();
        assert.equal(open(disk).records, hexes(flushed));
      },
    ),
  );
});

const CHILD = `
import { writeSync } from 'node:fs';
import { openJournal } from ${JSON.stringify(new URL('../../agent/journal.ts', import.meta.url).href)};
const opened = openJournal(process.argv[2], { kind: 'child', onRecord: () => {} });
if (!opened.ok) throw new Error(opened.detail);
const turn = () => {
  let flushed;
  for (let i = 0; i < 7; i++) opened.value.append(new TextEncoder().encode('record'));
  flushed = opened.value.flush();
  writeSync(1, flushed.value + '\\n');
  setImmediate(turn);
};
turn();
`;

journalSuite('survives kill -9 of a real process, again and again', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'journal-'));
  const path = join(directory, 'child.journal');
  const script = join(directory, 'child.mts');
  writeFileSync(script, CHILD);
  let least = 0;
  for (let round = 1; round <= 3; round++) {
    const child = spawn(process.execPath, ['--import', 'tsx', script, path], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    try {
      for await (const line of createInterface(child.stdout)) {
        const before = least;
        least = Number(line);
        assert.ok(least > before);
        if (least >= round * 2000) child.kill('SIGKILL');
      }
    } finally {
      child.kill('SIGKILL');
      await exited;
    }
    let records = 0;
    const opened = take(openJournal(path, { kind: 'child', onRecord: () => records++ }));
    assert.ok(records >= least, `${records} records of ${least} flushed`);
    assert.is(statSync(path).mode & 0o777, 0o600);
    take(await opened.close());
    least = records;
  }
  truncateSync(path, readFileSync(path).length - 1);
  assert.ok(openJournal(path, { kind: 'child', onRecord: () => {} }).ok);
  rmSync(directory, { recursive: true });
});

journalSuite.run();
