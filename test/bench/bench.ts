/**
 * What a benchmark is, and how its figures are told.
 *
 * `test/bench/NAME.bench.ts` exports `const bench: Bench`. A figure has a name that carries its unit
 * (`ticks_per_s`, `tick_bytes`), and a target where the project promises one.
 */

export type Figure = {
  readonly name: string;
  readonly value: number;
  /** What is promised: at least, or at most. */
  readonly target?: { readonly min: number } | { readonly max: number };
  /** What the same run gave for the thing it is to be compared with. */
  readonly baseline?: { readonly name: string; readonly value: number };
};

export type Bench = {
  readonly name: string;
  /** One line: what is measured. */
  readonly summary: string;
  /** `progress` says what goes on, on stderr; `rows` is the size that was asked for, where the benchmark has one. */
  readonly run: (progress: (text: string) => void, size?: { readonly rows?: number }) => Promise<Measured>;
};

/** `more` is what does not fit a figure: it stands in the result as it is. */
export type Measured = readonly Figure[] & { readonly more?: Readonly<Record<string, unknown>> };

const verdictOf = ({ value, target }: Figure): 'met' | 'missed' | undefined => {
  if (target === undefined) return undefined;
  return ('min' in target ? value >= target.min : value <= target.max) ? 'met' : 'missed';
};

/** Four digits tell all that a measurement knows; counts of bytes are exact. */
const numberText = (value: number): string =>
  Number.isInteger(value) && value < 1e6
    ? value.toLocaleString('en')
    : value.toLocaleString('en', { maximumSignificantDigits: 4 });

const targetText = ({ target }: Figure): string => {
  if (target === undefined) return '';
  return 'min' in target ? `>= ${numberText(target.min)}` : `<= ${numberText(target.max)}`;
};

const HEAD = ['figure', 'target', 'measured', 'verdict', 'baseline'];

/** Names to the left, numbers to the right. */
const isNumeric = (column: number): boolean => column === 1 || column === 2;

export const tableOf = (figures: readonly Figure[]): string => {
  const rows = figures.map((figure) => [
    figure.name,
    targetText(figure),
    numberText(figure.value),
    verdictOf(figure) ?? '',
    figure.baseline === undefined ? '' : `${numberText(figure.baseline.value)} ${figure.baseline.name}`,
  ]);
  const widths = HEAD.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        isNumeric(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join('  ')
      .trimEnd();
  return [HEAD, widths.map((width) => '-'.repeat(width)), ...rows].map(line).join('\n');
};

/** One flat object: every figure under its name, the targets and whether all are met beside them. */
export const resultOf = (bench: Bench, figures: Measured): Record<string, unknown> => {
  const result: Record<string, unknown> = { bench: bench.name, node: process.version, ...figures.more };
  for (const { name, value } of figures) result[name] = value;
  const promised = figures.filter(({ target }) => target !== undefined);
  result.targets = Object.fromEntries(promised.map((figure) => [figure.name, figure.target]));
  result.missed = promised.filter((figure) => verdictOf(figure) === 'missed').map(({ name }) => name);
  return result;
};
