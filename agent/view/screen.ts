/**
 * A full-terminal picture that is redrawn without flicker: on the alternate screen, over the lines that are
 * there, each cleared to its end, inside a synchronised update (terminals that know none ignore the mark).
 */

import type { WriteStream } from 'node:tty';
import { clipped } from './style.ts';

const ENTER = '\x1b[?1049h\x1b[?25l';
const LEAVE = '\x1b[?25h\x1b[?1049l';
const BEGIN = '\x1b[?2026h\x1b[H';
const END = '\x1b[0J\x1b[?2026l';

export type Screen = {
  readonly draw: (lines: readonly string[]) => void;
  /** Gives the terminal back as it was. Repeating it does nothing. */
  readonly close: () => void;
};

export const openScreen = (output: WriteStream): Screen => {
  let open = true;
  const close = (): void => {
    if (!open) return;
    open = false;
    process.off('exit', close);
    output.write(LEAVE);
  };
  output.write(ENTER);
  process.on('exit', close); // also after an exception
  return {
    draw: (lines) => {
      if (!open || output.writableNeedDrain) return;
      const shown = lines.slice(0, output.rows || 24).map((line) => clipped(line, output.columns || 80));
      output.write(`${BEGIN}${shown.join('\x1b[K\r\n')}\x1b[K${END}`);
    },
    close,
  };
};
