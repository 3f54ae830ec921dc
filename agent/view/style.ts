/** Text for a terminal: styles, and lengths as they are seen. */

export type Style = (text: string) => string;

export type Styles = {
  readonly bold: Style;
  readonly dim: Style;
  readonly green: Style;
  readonly yellow: Style;
  readonly red: Style;
  readonly cyan: Style;
};

const paint =
  (on: number, off: number): Style =>
  (text) =>
    `\x1b[${on}m${text}\x1b[${off}m`;

const plain: Style = (text) => text;

const COLOURED: Styles = {
  bold: paint(1, 22),
  dim: paint(2, 22),
  green: paint(32, 39),
  yellow: paint(33, 39),
  red: paint(31, 39),
  cyan: paint(36, 39),
};

const PLAIN: Styles = { bold: plain, dim: plain, green: plain, yellow: plain, red: plain, cyan: plain };

/** Colour only for a person: a terminal, and no NO_COLOR (no-color.org) in the environment. */
export const stylesFor = (isTerminal: boolean, environment: NodeJS.ProcessEnv): Styles =>
  isTerminal && !environment.NO_COLOR && environment.TERM !== 'dumb' ? COLOURED : PLAIN;

/** `split` keeps what stands in the brackets: every second part is an escape sequence. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one
const ESCAPES = /(\x1b\[[0-9;]*m)/;

/** Columns that the text takes; every character we print takes one. */
export const visibleLength = (text: string): number =>
  text.split(ESCAPES).reduce((columns, part, i) => columns + (i % 2 === 0 ? [...part].length : 0), 0);

export const padded = (text: string, width: number, right = false): string => {
  const blank = ' '.repeat(Math.max(0, width - visibleLength(text)));
  return right ? blank + text : text + blank;
};

/** At most `width` columns; styles that were on are switched off after a cut. */
export const clipped = (text: string, width: number): string => {
  if (visibleLength(text) <= width) return text;
  let columns = 0;
  let cut = '';
  for (const [i, part] of text.split(ESCAPES).entries()) {
    const letters = i % 2 === 1 ? [part] : [...part].slice(0, Math.max(0, width - 1 - columns));
    if (i % 2 === 0) columns += letters.length;
    cut += letters.join('');
  }
  return `${cut}…\x1b[0m`;
};
