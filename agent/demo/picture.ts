/** The run as a person sees it: a full picture on a terminal, a line where there is none. */

import { moneyText } from '../money.ts';
import type { RuleStatus } from '../status.ts';
import { progressBar, sparkline } from '../view/chart.ts';
import type { Styles } from '../view/style.ts';
import type { ProcessState } from './processes.ts';
import type { Scene } from './scene.ts';

const BAR_COLUMNS_MAX = 60;
const SPARK_COLUMNS = 48;
const LABEL_COLUMNS = 12;

const seconds = (ms: number): string => `${Math.floor(ms / 1000)} s`;

const valveWord = (valve: RuleStatus | null): string => {
  if (valve === null) return 'not known yet';
  return valve.acknowledged ?? `${valve.wanted}, not acknowledged yet`;
};

const lastValue = (scene: Scene): string => {
  const value = scene.values.at(-1);
  return value === undefined ? '' : `${value} °C`;
};

/** What a process said last, in few words: boards and brokers write JSON, agents a time first. */
const saying = (line: string): string => {
  if (!line.startsWith('{')) return line.replace(/^\d{4}-\d\d-\d\dT[\d:.]+Z /, '');
  try {
    const said = JSON.parse(line) as Record<string, unknown>;
    if (said.ready === true) return `behind ${said.tty}`;
    if (said.pin !== undefined) return `${said.pin} is ${said.level === 1 ? 'high' : 'low'}`;
    return `${said.event} ${said.detail ?? said.client ?? ''}`.trimEnd();
  } catch {
    return line;
  }
};

const processLine = (process: ProcessState, styles: Styles): string => {
  const mark = process.pid === null ? styles.red('○') : styles.green('●');
  const restarts = process.restarts === 0 ? '' : styles.yellow(` started ${process.restarts + 1} times`);
  const pid = process.pid === null ? 'starting' : `pid ${process.pid}`;
  return `  ${mark} ${process.name.padEnd(LABEL_COLUMNS + 2)}${styles.dim(pid.padEnd(12))}${restarts} ${styles.dim(saying(process.lastLine))}`;
};

export const fullPicture = (scene: Scene, columns: number, styles: Styles): string[] => {
  const { seller, buyer, currency } = scene;
  const row = (label: string, figure: string, detail: string): string =>
    `  ${styles.dim(label.padEnd(LABEL_COLUMNS))}${styles.bold(figure)}${detail === '' ? '' : `  ${styles.dim(detail)}`}`;
  const bar = progressBar(buyer.paid, scene.readings, Math.min(BAR_COLUMNS_MAX, Math.max(10, columns - 30)));
  return [
    '',
    `  ${styles.bold('tollbridge')}  a weather station sells its readings to a farm, one by one  ${styles.dim(`run ${scene.run}`)}`,
    '',
    `  ${styles.green(bar)} ${buyer.paid}/${scene.readings}  ${styles.dim(seconds(scene.elapsedMs))}`,
    '',
    row('sold', String(seller.delivered), `at ${moneyText(scene.priceNano, currency)} a reading`),
    row('delivered', String(buyer.delivered), scene.waiting),
    row('paid', moneyText(buyer.paidNano, currency), `${buyer.paid} readings`),
    row(
      'at risk',
      moneyText(seller.unpaidNano, currency),
      `of the ${moneyText(seller.windowNano, currency)} that may be unpaid`,
    ),
    row('claimed', moneyText(seller.claimedNano, currency), 'booked by the settler'),
    '',
    row('temperature', lastValue(scene), ''),
    `  ${' '.repeat(LABEL_COLUMNS)}${styles.cyan(sparkline(scene.values.map(Number), SPARK_COLUMNS))}`,
    row('valve', valveWord(scene.valve), scene.valve?.reason ?? ''),
    '',
    ...scene.processes.map((process) => processLine(process, styles)),
    '',
    styles.dim('  Ctrl-C stops; the next start goes on from here'),
  ];
};

export const plainLine = (scene: Scene): string => {
  const { seller, buyer, currency } = scene;
  if (buyer.delivered === 0 && scene.waiting !== '') return `waiting: ${scene.waiting}`;
  return [
    `${buyer.paid}/${scene.readings} paid`,
    `sold ${seller.delivered}`,
    `delivered ${buyer.delivered}`,
    `worth ${moneyText(buyer.paidNano, currency)}`,
    `at risk ${moneyText(seller.unpaidNano, currency)} of ${moneyText(seller.windowNano, currency)}`,
    `claimed ${moneyText(seller.claimedNano, currency)}`,
    lastValue(scene),
    `valve ${valveWord(scene.valve)}`,
  ].join('  ');
};
