/** What clearing did as one picture: the sum and where it went, and the network before and after. SVG 1.1. */

import { most } from './extremes.ts';
import type { Obligation } from './obligation.ts';
import { drawNetwork, type PictureDebt, type PictureOwner } from './picture-network.ts';
import type { Account, Report, Step } from './report.ts';

/** More are a grey disc: the largest stand for them, and the caption says so. */
const OWNERS_MAX = 500;
const DEBTS_MAX = 4000;

type Palette = { readonly [kind: string]: string };
const LIGHT: Palette = {
  paper: '#fcfcfa',
  ink: '#20242b',
  faint: '#6b7280',
  debt: '#4f6d8f',
  creditor: '#0f8b74',
  debtor: '#d9792b',
  even: '#8a93a1',
  netting: '#93bbe0',
  circles: '#4f86cc',
  compression: '#8a7bd1',
  left: '#cdd2d9',
};
const DARK: Palette = {
  paper: '#15181d',
  ink: '#e8eaed',
  faint: '#9aa3af',
  debt: '#8fb0d6',
  creditor: '#35c2a5',
  debtor: '#f0a35c',
  even: '#7d8794',
  netting: '#3f678f',
  circles: '#5f95dc',
  compression: '#9d8fe6',
  left: '#424954',
};

/** Without variables of CSS: not every renderer knows them. */
const colours = (palette: Palette): string => {
  const fills = Object.entries(palette).map(([kind, colour]) => `.${kind}{fill:${colour}}`);
  const { ink, debt, paper } = palette;
  return `text{fill:${ink}}${fills.join('')}
.debts path{fill:none;stroke:${debt}}.debts polygon{fill:${debt}}.owners circle{stroke:${paper}}`;
};

const STYLE = `
${colours(LIGHT)}
@media (prefers-color-scheme:dark){${colours(DARK)}}
text{font-family:"Inter","Segoe UI","Helvetica Neue",Arial,sans-serif}.owners circle{stroke-width:12}
.title{font-size:300px;font-weight:600}.head{font-size:190px;font-weight:600}.note{font-size:150px}.names text{font-size:125px}
.few path,.few polygon{opacity:.75}.many path{opacity:.16}.many circle{stroke-width:0}
`;

export type Write = (nano: bigint) => string;

/** Thousands apart, for people. */
const grouped = (text: string): string =>
  text.replace(/^(-?\d+)/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ','));
const count = (n: number, what: string): string => `${grouped(String(n))} ${what}${n === 1 ? '' : 's'}`;

/** "97.3 %", rounded down so that nothing but all is 100. */
const percentFloor = (part: bigint, whole: bigint): string => {
  const permille = whole === 0n ? 0n : (part * 1000n) / whole;
  return `${permille / 10n}.${permille % 10n} %`;
};

const text = (x: number, y: number, classes: string, content: string): string =>
  `<text x="${x}" y="${y}" class="${classes}">${content}</text>`;

const NAMES: { readonly [step in Step['step']]: string } = {
  netting: 'between two',
  circles: 'in circles',
  compression: 'passed on',
};

const BAR = { x: 500, y: 1300, width: 11_000, height: 300 } as const;

/** Where the gross went: one bar, and a legend below it. */
const drawBar = (report: Report, write: Write): string => {
  const parts: { kind: string; name: string; nano: bigint }[] = report.steps.map(({ step, clearedNano }) => ({
    kind: step,
    name: NAMES[step],
    nano: clearedNano,
  }));
  parts.push({ kind: 'left', name: 'left to pay', nano: report.leftNano });
  const drawn: string[] = [];
  let sum = 0n;
  const xAt = (nano: bigint): number =>
    BAR.x + (report.grossNano === 0n ? 0 : Number((nano * BigInt(BAR.width)) / report.grossNano));
  parts.forEach(({ kind, name, nano }, i) => {
    const from = xAt(sum);
    sum += nano;
    drawn.push(
      `<rect class="${kind}" x="${from}" y="${BAR.y}" width="${xAt(sum) - from}" height="${BAR.height}"/>`,
    );
    const x = BAR.x + Math.round((i * BAR.width) / parts.length);
    drawn.push(`<rect class="${kind}" x="${x}" y="1785" width="140" height="140" rx="25"/>`);
    drawn.push(text(x + 210, 1905, 'note', `${grouped(write(nano))} ${name}`));
    drawn.push(text(x + 210, 2110, 'note faint', percentFloor(nano, report.grossNano)));
  });
  return drawn.join('');
};

const largest = <T>(items: readonly T[], nano: (item: T) => bigint, countMax: number): T[] =>
  items.length <= countMax
    ? [...items]
    : [...items].sort((a, b) => Number(nano(b) > nano(a)) - Number(nano(b) < nano(a))).slice(0, countMax);

const netOf = ({ owedBefore, dueBefore }: Account): bigint => dueBefore - owedBefore;

/** The largest creditor at the top, the largest debtors at the bottom, on both sides alike. */
const roundTheCircle = (accounts: readonly Account[]): Account[] => {
  const sorted = [...accounts].sort((a, b) => Number(netOf(b) > netOf(a)) - Number(netOf(b) < netOf(a)));
  const right = sorted.filter((_, i) => i % 2 === 0);
  const left = sorted.filter((_, i) => i % 2 === 1);
  return [...right, ...left.reverse()];
};

const debtsAmong = (
  numbers: ReadonlyMap<string, number>,
  obligations: readonly Obligation[],
): PictureDebt[] => {
  const among: PictureDebt[] = [];
  for (const { debtor, creditor, nano } of obligations) {
    const [from, to] = [numbers.get(debtor), numbers.get(creditor)];
    if (from !== undefined && to !== undefined) among.push({ debtor: from, creditor: to, nano });
  }
  return among;
};

const LEFT = { x: 3100, y: 5900 } as const;
const RIGHT = { x: 8900, y: 5900 } as const;

/** `before` has one obligation for each pair and direction; `write` says amounts. */
export const drawClearing = (
  before: readonly Obligation[],
  after: readonly Obligation[],
  report: Report,
  write: Write,
): string => {
  const grossOf = ({ owedBefore, dueBefore }: Account): bigint => owedBefore + dueBefore;
  const accounts = roundTheCircle(largest(report.accounts, grossOf, OWNERS_MAX));
  const owners = accounts.map(
    (account): PictureOwner => ({
      name: account.owner,
      grossNano: grossOf(account),
      netNano: netOf(account),
    }),
  );
  const numbers = new Map(owners.map(({ name }, i) => [name, i]));
  const shown = [before, after].map((obligations) =>
    largest(debtsAmong(numbers, obligations), ({ nano }) => nano, DEBTS_MAX),
  ) as [PictureDebt[], PictureDebt[]];
  const largestOf = (amounts: readonly bigint[]): bigint => amounts.reduce(most, 0n);
  const scale = {
    debtNanoMax: largestOf(shown.flat().map(({ nano }) => nano)),
    grossNanoMax: largestOf(owners.map(({ grossNano }) => grossNano)),
  };
  const side = (
    name: string,
    centre: { x: number; y: number },
    debts: readonly PictureDebt[],
    all: number,
    nano: bigint,
  ) => {
    const some = debts.length < all ? `, the ${grouped(String(debts.length))} largest here shown` : '';
    return [
      text(centre.x - 2600, 2620, 'head', name),
      text(centre.x - 2600, 2850, 'note faint', `${grouped(write(nano))} in ${count(all, 'debt')}${some}`),
      `<g class="${name}">${drawNetwork(owners, debts, centre, scale)}</g>`,
    ].join('\n');
  };
  const others = report.accounts.length - owners.length;
  const caption = [
    `<tspan class="creditor">●</tspan> is owed more than it owes  <tspan class="debtor">●</tspan> owes more: nobody's net position changes.`,
    'Widths and dots go by the square root of amounts.',
    others > 0 ? `${count(others, 'smaller owner')} not shown.` : '',
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 12000 9100" width="1200" height="910" role="img" aria-label="Clearing, before and after">
<style>${STYLE}</style>
<rect class="paper" width="12000" height="9100"/>
${text(500, 620, 'title', `${percentFloor(report.clearedNano, report.grossNano)} of ${grouped(write(report.grossNano))} disappears`)}
${text(500, 950, 'note faint', `${count(report.obligations, 'obligation')} of ${count(report.accounts.length, 'owner')} become ${count(report.transfers, 'transfer')}`)}
${drawBar(report, write)}
${side('before', LEFT, shown[0], before.length, report.grossNano)}
${side('after', RIGHT, shown[1], after.length, report.leftNano)}
${text(500, 8900, 'note faint', caption.join(' ').trim())}
</svg>
`;
};
