/** The run as a person sees it: a full picture on a terminal, a line where there is none. */

import { moneyText } from '../money.ts';
import type { RuleStatus } from '../status.ts';
import { progressBar, sparkline, switchLine } from '../view/chart.ts';
import type { Styles } from '../view/style.ts';
import type { ProcessState } from './processes.ts';
import type { Scene } from './scene.ts';

const BAR_COLUMNS_MAX = 60;
const CHART_COLUMNS = 60;
const LABEL_COLUMNS = 12;
/** Indent, label and a blank at the end. */
const MARGIN_COLUMNS = LABEL_COLUMNS + 3;
/** The least width that the title with its subtitle takes. */
const SUBTITLE_COLUMNS = 79;

/** What `Rule` gives as its reason while readings decide. */
const AS_RULED = 'as its rule says';

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
  const restarts = process.restarts === 0 ? '' : `${styles.yellow(`started ${process.restarts + 1} times`)} `;
  const pid = process.pid === null ? 'starting' : `pid ${process.pid}`;
  const said = styles.dim(saying(process.lastLine));
  return `  ${mark} ${process.name.padEnd(LABEL_COLUMNS + 2)}${styles.dim(pid.padEnd(12))} ${restarts}${said}`;
};

/** Only who is in trouble, where there is no room for all. */
const processesInShort = (processes: readonly ProcessState[], styles: Styles): string[] => {
  const down = processes.filter((process) => process.pid === null);
  if (down.length > 0) return down.map((process) => processLine(process, styles));
  return [`  ${styles.green('●')} ${styles.dim(`${processes.length} processes run`)}`];
};

type Row = (label: string, figure: string, detail: string) => string;

const valveDetail = (valve: RuleStatus | null): string => {
  if (valve === null) return '';
  if (valve.reason !== AS_RULED) return valve.reason;
  return `opens at ${valve.openAt} °C, closes at ${valve.closeAt} °C`;
};

/** What was bought, and below each value what the rule made of it. */
const fieldLines = (scene: Scene, row: Row, columns: number, styles: Styles): string[] => {
  const values = scene.values.map(Number).slice(-columns);
  const range = `from ${Math.min(...values)} to ${Math.max(...values)} °C in ${values.length} hours`;
  const switched = switchLine(scene.valve?.recent.slice(-values.length) ?? [], columns);
  return [
    row('temperature', lastValue(scene), values.length === 0 ? '' : range),
    row('', styles.cyan(sparkline(values, columns)), ''),
    row('', styles.green(switched.padStart(values.length)), ''),
    row('valve', valveWord(scene.valve), valveDetail(scene.valve)),
  ];
};

const rowWith =
  (styles: Styles): Row =>
  (label, figure, detail) =>
    `  ${styles.dim(label.padEnd(LABEL_COLUMNS))}${styles.bold(figure)}${detail === '' ? '' : `  ${styles.dim(detail)}`}`;

const moneyLines = ({ seller, buyer, currency, priceNano }: Scene, row: Row): string[] => [
  row('sold', String(seller.delivered), `at ${moneyText(priceNano, currency)} a reading`),
  row('delivered', String(buyer.delivered), ''),
  row('paid', moneyText(buyer.paidNano, currency), `${buyer.paid} readings`),
  row(
    'at risk',
    moneyText(seller.unpaidNano, currency),
    `of the ${moneyText(seller.windowNano, currency)} that may be unpaid`,
  ),
  row('claimed', moneyText(seller.claimedNano, currency), 'booked by the settler'),
];

const spaced = (parts: readonly (readonly string[])[]): string[] => parts.flatMap((part) => ['', ...part]);

/** As much of it as `rows` have room for: first the blank lines go, then the processes that run. */
export const fullPicture = (scene: Scene, columns: number, rows: number, styles: Styles): string[] => {
  const row = rowWith(styles);
  const chartColumns = Math.max(10, Math.min(CHART_COLUMNS, columns - MARGIN_COLUMNS));
  const bar = progressBar(
    scene.buyer.paid,
    scene.readings,
    Math.min(BAR_COLUMNS_MAX, Math.max(10, columns - 30)),
  );
  const subtitle =
    columns < SUBTITLE_COLUMNS ? '' : 'a weather station sells its readings to a farm, one by one  ';
  const parts = [
    [`  ${styles.bold('tollbridge')}  ${subtitle}${styles.dim(`run ${scene.run}`)}`],
    [
      `  ${styles.green(bar)} ${scene.buyer.paid}/${scene.readings}  ${styles.dim(seconds(scene.elapsedMs))}`,
      `  ${styles.yellow(scene.waiting)}`,
      ...moneyLines(scene, row),
    ],
    fieldLines(scene, row, chartColumns, styles),
  ];
  const hint = [styles.dim('  Ctrl-C stops; the next start goes on from here')];
  const processes = scene.processes.map((process) => processLine(process, styles));
  const full = spaced([...parts, processes, hint]);
  if (full.length <= rows) return full;
  const tight = [...parts.flat(), ...processes, ...hint];
  if (tight.length <= rows) return tight;
  return [...parts.flat(), ...processesInShort(scene.processes, styles), ...hint];
};

/** What came of it for the field. */
export const irrigationLines = (valve: RuleStatus): string[] => [
  `the valve opens at ${valve.openAt} °C and closes at ${valve.closeAt} °C: it was switched ${valve.switches} times`,
  `and is ${valveWord(valve)} now, ${valve.reason}`,
];

export const plainLine = (scene: Scene): string => {
  const { seller, buyer, currency } = scene;
  const waiting = scene.waiting === '' ? '' : `waiting: ${scene.waiting}`;
  if (buyer.delivered === 0 && waiting !== '') return waiting;
  return [
    `${buyer.paid}/${scene.readings} paid`,
    `sold ${seller.delivered}`,
    `delivered ${buyer.delivered}`,
    `worth ${moneyText(buyer.paidNano, currency)}`,
    `at risk ${moneyText(seller.unpaidNano, currency)} of ${moneyText(seller.windowNano, currency)}`,
    `claimed ${moneyText(seller.claimedNano, currency)}`,
    lastValue(scene),
    `valve ${valveWord(scene.valve)}`,
    ...(waiting === '' ? [] : [waiting]),
  ].join('  ');
};
