/**
 * A settler's day by the commands of its operator, each a process that is killed again and again at a moment of its
 * writing, and simply run again until it comes to its end.
 */

import { existsSync, type FSWatcher, readFileSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { openStore } from '../../broker/settler/store/open.ts';
import { everything } from '../settler/backup-copy.ts';
import { checkBooks } from '../settler/bank/treasurer.ts';
import { chanceOf } from '../world/chance.ts';
import { must } from '../world/deal.ts';
import { answerTo, booksOf } from './killed-market.ts';
import { startProgram } from './program.ts';

/** Where a day is lived: a database, an empty one beside it, and a folder of its own for files. */
export type Site = {
  readonly db: string;
  readonly other: string;
  readonly folder: string;
  /** Folders whose files change with every write. */
  readonly watched: readonly string[];
};

/** A new site of that name, with books as all the others have. */
export type Sites = (name: string) => Promise<Site>;

/** When a run is killed: at its n-th write and so much later; undefined: never. */
type Moment = { readonly write: number; readonly laterMs: number } | undefined;

type Run = {
  readonly exit: number | null;
  readonly output: string;
  readonly writes: number;
};

/** Runs a command of the settler, and kills it at that moment if it lives so long. */
const runUntil = async (
  argv: readonly string[],
  watched: readonly string[],
  moment: Moment,
): Promise<Run> => {
  let writes = 0;
  let kill = (): void => undefined;
  const onWrite = (): void => {
    if (++writes === moment?.write) kill();
  };
  const watchers: FSWatcher[] = watched.map((folder) => watch(folder, onWrite));
  try {
    const running = startProgram('settler', ...argv);
    kill = () => {
      if (moment!.laterMs === 0) running.process.kill('SIGKILL');
      else setTimeout(() => running.process.kill('SIGKILL'), moment!.laterMs);
    };
    const exit = await running.ended;
    return { exit, output: running.output(), writes };
  } finally {
    for (const watcher of watchers) watcher.close();
  }
};

type Command = {
  readonly name: string;
  readonly argv: (site: Site) => readonly string[];
  /** Files that it writes: absent or whole after each death. */
  readonly writes?: string;
  /** Says that it was done before, where it is refused for that. */
  readonly before?: RegExp;
};

const DEPOSITS = 'deposits.xml';
const ANSWER = 'answer.xml';
const PAYOUT = 'payout.xml';
const BACKUP = 'day.backup';
const PICTURE = 'cleared.svg';

const onBooks = ({ db }: Site): readonly string[] => ['--db', db];
const PERIOD = ['--period', '2026-11-20'] as const;

const COMMANDS: readonly Command[] = [
  { name: 'import', argv: (site) => ['import', join(site.folder, DEPOSITS), ...onBooks(site)] },
  {
    name: 'clearing',
    argv: (site) => ['clearing', ...PERIOD, '--picture', join(site.folder, PICTURE), ...onBooks(site)],
    writes: PICTURE,
  },
  {
    name: 'payout',
    argv: (site) => [
      ...['payout', ...PERIOD, '--execution-date', '2026-11-23', '--state', site.folder],
      ...['--out', join(site.folder, PAYOUT), ...onBooks(site)],
    ],
    writes: PAYOUT,
  },
  { name: 'import', argv: (site) => ['import', join(site.folder, ANSWER), ...onBooks(site)] },
  {
    name: 'backup',
    argv: (site) => ['backup', '--out', join(site.folder, BACKUP), ...onBooks(site)],
    writes: BACKUP,
    before: /day\.backup exists already/,
  },
  {
    name: 'restore',
    argv: (site) => ['restore', '--from', join(site.folder, BACKUP), '--db', site.other],
    before: /the database is restored to \d+ rows of the backup of \S+ already/,
  },
];

export const prepare = ({ folder }: Site, deposits: string): void =>
  writeFileSync(join(folder, DEPOSITS), deposits);

/** The times in a file of ours are those of its making. */
const timeless = (path: string): string =>
  existsSync(path) ? readFileSync(path, 'utf8').replace(/<CreDtTm>[^<]*/, '<CreDtTm>') : '';

/** What of a day must not depend on deaths. */
type Ended = { readonly books: object; readonly payout: string; readonly picture: string };

const endOf = async ({ db, folder }: Site): Promise<Ended> => {
  const store = must(await openStore(db));
  const books = await booksOf(store);
  await store.close();
  return { books, payout: timeless(join(folder, PAYOUT)), picture: timeless(join(folder, PICTURE)) };
};

/** Both verify and pass the audit, and hold the same. */
const checkCopies = async (...places: readonly string[]): Promise<void> => {
  const held: object[] = [];
  for (const place of places) {
    const store = must(await openStore(place));
    await checkBooks(store);
    held.push(await everything(store));
    await store.close();
  }
  assert.equal(held[1], held[0]);
};

/** A backup is looked into by the restore. */
const checkFile = ({ folder }: Site, { name, writes }: Command, { payout, picture }: Ended): void => {
  if (writes === undefined || writes === BACKUP || !existsSync(join(folder, writes))) return;
  assert.ok(
    timeless(join(folder, writes)) === (writes === PAYOUT ? payout : picture),
    `half a file of ${name}`,
  );
};

type Again = (moment?: Moment) => Promise<Run>;
/** What a command goes through before it is run in peace: `run` runs it. */
type Trouble = (command: Command, run: Again, index: number) => Promise<unknown>;
type Lived = { readonly end: Ended; readonly writes: readonly number[] };

/** Lives the day; `calm` is how it ends. */
const liveDay = async (site: Site, trouble: Trouble, calm?: Ended): Promise<Lived> => {
  const writes: number[] = [];
  for (const [index, command] of COMMANDS.entries()) {
    const run: Again = async (moment) => {
      const ran = await runUntil(command.argv(site), site.watched, moment);
      if (calm !== undefined) checkFile(site, command, calm);
      return ran;
    };
    await trouble(command, run, index);
    const ran = await run();
    const isDone = ran.exit === 0 || command.before?.test(ran.output) === true;
    assert.ok(isDone, `${command.name}: ${ran.output}`);
    writes.push(ran.writes);
    if (command.writes === PAYOUT)
      writeFileSync(join(site.folder, ANSWER), answerTo(readFileSync(join(site.folder, PAYOUT), 'utf8')));
  }
  await checkCopies(site.db, site.other);
  return { end: await endOf(site), writes };
};

const PEACE: Trouble = async () => undefined;

/** Deaths come up to so many milliseconds after a write: the next has been asked for, or an answer is on its way. */
const LATER_MS_MAX = 4;

export type Dying = { readonly rounds: number; readonly seed: number; readonly deathsMax: number };

/** Days that all come to the end of an undisturbed one; how many processes were killed in them. */
export const dieAgain = async (sites: Sites, { rounds, seed, deathsMax }: Dying): Promise<number> => {
  console.log(`seed ${seed}`);
  const chance = chanceOf(seed);
  const calm = await liveDay(await sites('calm'), PEACE);
  let kills = 0;
  const dying: Trouble = async (_, run, index) => {
    for (let i = 0; i < deathsMax; i++) {
      const write = 1 + chance.below(calm.writes[index]!);
      const { exit } = await run({ write, laterMs: chance.below(LATER_MS_MAX) });
      if (exit !== null) return;
      kills++;
    }
  };
  for (let round = 1; round <= rounds; round++) {
    const lived = await liveDay(await sites(`round${round}`), dying, calm.end);
    assert.equal(lived.end, calm.end, `round ${round}`);
  }
  console.log(`${rounds} rounds, ${kills} killed`);
  return kills;
};

/** What can be filled up to so many bytes, and freed. */
export type Filled = {
  readonly fill: (roomBytes: number) => void;
  readonly free: () => void | Promise<void>;
};

/** A day each of whose commands has less room than it wants, then a little more; how often each was refused for it. */
export const fillAgain = async (
  sites: Sites,
  disk: Filled,
  roomsBytes: readonly number[],
  refusal: RegExp,
): Promise<{ readonly [command: string]: number }> => {
  const refused: { [command: string]: number } = {};
  const calm = await liveDay(await sites('calm'), PEACE);
  const filling: Trouble = async ({ name, before }, run) => {
    refused[name] ??= 0;
    for (const roomBytes of roomsBytes) {
      disk.fill(roomBytes);
      const { exit, output } = await run();
      await disk.free();
      if (exit === 0 || before?.test(output) === true) return;
      assert.ok(refusal.test(output.trimEnd()), `${name} with ${roomBytes} bytes: ${output}`);
      refused[name]++;
    }
  };
  const lived = await liveDay(await sites('filled'), filling, calm.end);
  assert.equal(lived.end, calm.end);
  return refused;
};
