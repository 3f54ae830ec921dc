/** `tollbridge demo`, which is `npm start`: the whole system on one machine, for a person to watch. */

import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ok, type Result, refuse } from '../../schemas/result.ts';
import { loadCrypto } from '../host/crypto.ts';
import type { HostCrypto } from '../host/host-crypto.ts';
import { type Lock, lockDirectory } from '../host/lock.ts';
import { nanoOfText } from '../money.ts';
import { openScreen, type Screen } from '../view/screen.ts';
import { type Styles, stylesFor } from '../view/style.ts';
import { Demo, type Finished } from './demo.ts';
import { costLines } from './meter.ts';
import { fullPicture, irrigationLines, plainLine } from './picture.ts';
import type { ProcessName } from './processes.ts';
import { reconciliationLines } from './reconciliation.ts';
import type { Scene } from './scene.ts';
import { finishRun, payOut, readBooks, statementLines } from './settlement.ts';
import { CURRENCY, makeDirectory, openSite, type Site } from './site.ts';

export const HELP = `tollbridge demo: a weather station sells its readings to a farm, one by one, on this machine

Starts a broker with its settler, two boards on emulated chips, the station's agent and the farm's, each as a
process of its own, and ends when all readings are sold, paid for, reconciled and paid out. Ctrl-C stops at
any moment; the next start goes on where this one ended.

  --readings N     readings to sell (default 300)
  --price AMOUNT   of a reading, in ${CURRENCY} (default 0.002)
  --period MS      between two readings, each an hour of recorded weather (default 20)
  --speed N        chip seconds per second (default 1)
  --state DIR      keys, journals, ledger and bank files (default .tollbridge/demo)
  --fresh          start over: forgets keys, leases and ledger of that directory
  --xsd FILE       checks the bank file against pain.001.001.09.xsd, with xmllint
  --json           ends with one line {"sold","delivered","paid","disputed","paid_nano","bank_file","elapsed_ms"}

exit codes: 0 no differences (or stopped), 1 differences or a failure
`;

const PLAIN_LINE_MS = 1000;
const READINGS_MAX = 1_000_000;
const PERIOD_MS_MIN = 10;
/** Of the emulator. */
const SPEED_MAX = 1000;

type Settings = {
  readonly readings: number;
  readonly priceNano: number;
  readonly periodMs: number;
  readonly speed: number;
  readonly state: string;
  readonly fresh: boolean;
  readonly xsd: string | null;
  readonly json: boolean;
};

const integerFrom = (name: string, text: string, min: number, max: number): Result<number> => {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= min && value <= max) return ok(value);
  return refuse('config-invalid', `--${name} ${text}: an integer from ${min} to ${max} is expected`);
};

const readSettings = (argv: readonly string[]): Result<Settings> => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      readings: { type: 'string', default: '300' },
      price: { type: 'string', default: '0.002' },
      period: { type: 'string', default: '20' },
      speed: { type: 'string', default: '1' },
      state: { type: 'string', default: '.tollbridge/demo' },
      fresh: { type: 'boolean', default: false },
      xsd: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const readings = integerFrom('readings', values.readings, 1, READINGS_MAX);
  if (!readings.ok) return readings;
  const periodMs = integerFrom('period', values.period, PERIOD_MS_MIN, 86_400_000);
  if (!periodMs.ok) return periodMs;
  const priceNano = nanoOfText(values.price);
  if (!priceNano.ok) return priceNano;
  if (priceNano.value < 1) return refuse('config-invalid', '--price 0: a reading costs at least 0.000000001');
  const speed = Number(values.speed);
  if (!(speed > 0 && speed <= SPEED_MAX))
    return refuse(
      'config-invalid',
      `--speed ${values.speed}: a number above 0, at most ${SPEED_MAX}, is expected`,
    );
  return ok({
    readings: readings.value,
    periodMs: periodMs.value,
    priceNano: priceNano.value,
    speed,
    state: resolve(values.state),
    fresh: values.fresh,
    xsd: values.xsd ?? null,
    json: values.json,
  });
};

/** Where the run is shown: a picture for a person, lines for a log. */
type Display = {
  readonly onScene: (scene: Scene) => void;
  readonly onLine: (name: ProcessName, line: string) => void;
  readonly close: () => void;
};

const openDisplay = (styles: Styles, say: (line: string) => void): Display => {
  const { stdout } = process;
  if (stdout.isTTY && process.env.TERM !== 'dumb') {
    const screen: Screen = openScreen(stdout);
    return {
      onScene: (scene) => screen.draw(fullPicture(scene, stdout.columns || 80, stdout.rows || 24, styles)),
      onLine: () => {},
      close: screen.close,
    };
  }
  let saidMs = Number.NEGATIVE_INFINITY;
  return {
    onScene: (scene) => {
      if (performance.now() - saidMs < PLAIN_LINE_MS) return;
      saidMs = performance.now();
      say(plainLine(scene));
    },
    onLine: (name, line) => {
      if (/died|does not start/.test(line)) say(`${name}: ${line}`);
    },
    close: () => {},
  };
};

/** SIGINT, SIGTERM, SIGHUP: the first one stops in order, a second one is not needed. */
const stopSignal = (): AbortController => {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort());
  return stop;
};

/** Everything that is said after the run. The exit code. */
const conclude = async (
  site: Site,
  finished: Finished,
  settings: Settings,
  crypto: HostCrypto,
  styles: Styles,
  say: (line: string) => void,
): Promise<Result<{ readonly exit: number; readonly summary: object }>> => {
  const startedLine = (title: string): void => say(`\n${styles.bold(title)}`);
  startedLine('Statement');
  const statements = statementLines(site, finished.purchases, crypto, styles);
  if (!statements.ok) return statements;
  for (const line of statements.value) say(line);
  startedLine('Reconciliation');
  const read = await readBooks(site, finished);
  if (!read.ok) return read;
  const { books, result } = read.value;
  for (const line of reconciliationLines(books, result, CURRENCY, styles)) say(line);
  startedLine('Cost of a reading');
  for (const line of costLines(finished.cost)) say(line);
  startedLine('Irrigation');
  for (const line of finished.farm.rules.flatMap(irrigationLines)) say(line);
  startedLine('Payout');
  const paid = await payOut(site, settings.xsd);
  if (!paid.ok) return paid;
  say(paid.value.text);
  const done = finishRun(site);
  if (!done.ok) return done;
  const { sold, delivered, paid: readingsPaid, disputed, paidNano, differences } = result;
  return ok({
    exit: differences.length === 0 && disputed === 0 ? 0 : 1,
    summary: {
      sold,
      delivered,
      paid: readingsPaid,
      disputed,
      paid_nano: paidNano,
      bank_file: paid.value.file,
    },
  });
};

const runSite = async (site: Site, settings: Settings, crypto: HostCrypto): Promise<Result<number>> => {
  const startedMs = performance.now();
  const styles = stylesFor(process.stdout.isTTY === true, process.env);
  const say = (line: string): void => console.log(line);
  const display = openDisplay(styles, say);
  const stop = stopSignal();
  const demo = new Demo(site, {
    speed: settings.speed,
    signal: stop.signal,
    onScene: display.onScene,
    onLine: display.onLine,
  });
  let ended: Awaited<ReturnType<Demo['run']>>;
  try {
    ended = await demo.run();
  } finally {
    display.close();
    if (stop.signal.aborted) say('stopping; leases stay open, and the next start goes on with them');
    await demo.stop();
  }
  if (!ended.ok) return ended;
  if (ended.value === null) return ok(0);
  const concluded = await conclude(site, ended.value, settings, crypto, styles, say);
  if (!concluded.ok) return concluded;
  const elapsed_ms = Math.round(performance.now() - startedMs);
  if (settings.json) console.log(JSON.stringify({ ...concluded.value.summary, elapsed_ms }));
  return ok(concluded.value.exit);
};

/** Codes: config-invalid, locked, key-file, device-failed, storage-*, bank-details. */
export const run = async (argv: readonly string[]): Promise<Result<number>> => {
  const settings = readSettings(argv);
  if (!settings.ok) return settings;
  const { state, fresh, readings, priceNano, periodMs } = settings.value;
  const made = makeDirectory(state);
  if (!made.ok) return made;
  const lock: Result<Lock> = await lockDirectory(state);
  if (!lock.ok) return lock;
  try {
    const crypto = await loadCrypto(process.env.TOLLBRIDGE_CRYPTO);
    const site = await openSite(state, fresh, { readings, priceNano }, periodMs, crypto);
    return site.ok ? await runSite(site.value, settings.value, crypto) : site;
  } finally {
    lock.value.release();
  }
};
