/** Pictures of one line: how far, and how it went. */

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
const LEVELS = '▁▂▃▄▅▆▇█';

/** `width` columns, full at `total`, drawn to an eighth of a column. */
export const progressBar = (done: number, total: number, width: number): string => {
  const share = total <= 0 ? 0 : Math.min(1, Math.max(0, done / total));
  const eighths = Math.floor(share * width * 8);
  const full = Math.floor(eighths / 8);
  return ('█'.repeat(full) + EIGHTHS[eighths % 8]).padEnd(width, '░');
};

/** Open and closed, side by side with a sparkline: the last `width`, each a column. */
export const switchLine = (states: readonly boolean[], width: number): string =>
  states
    .slice(-width)
    .map((open) => (open ? '━' : '·'))
    .join('');

/** The last `width` values, the lowest at the bottom and the highest at the top; a flat line stays low. */
export const sparkline = (values: readonly number[], width: number): string => {
  const shown = values.slice(-width);
  const low = Math.min(...shown);
  const span = Math.max(...shown) - low;
  let line = '';
  for (const value of shown) {
    const level = span === 0 ? 0 : Math.round(((value - low) / span) * (LEVELS.length - 1));
    line += LEVELS.charAt(level);
  }
  return line;
};
