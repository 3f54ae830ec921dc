/** What the broker says about itself: one object a line, and never more lines than a disk can take. */

import type { Code } from '../schemas/result.ts';

export type LogEvent = {
  readonly level: 'info' | 'warn';
  /** What happened: 'listening', 'connected', 'refused'... */
  readonly event: string;
  readonly code?: Code;
  readonly detail?: string;
  readonly client?: string;
  /** Remote address and port. */
  readonly peer?: string;
};

export type Log = (event: LogEvent) => void;

/** One JSON object on one line, with its time. */
export const logLine = (event: LogEvent & { readonly key?: string }, nowMs: number): string =>
  `${JSON.stringify({ time: new Date(nowMs).toISOString(), ...event })}\n`;

/** A stranger makes lines by knocking: 50 a second of 400 bytes are 1.7 GB a day at the worst. */
const LINES_PER_S_MAX = 50;
/** A detail quotes what strangers sent, a topic for example. */
const DETAIL_LENGTH_MAX = 240;

/** The same log, with at most 50 lines a second; the first line after a pause says how many are missing. */
export const boundedLog = (log: Log, nowMs: () => number): Log => {
  let second = 0;
  let lines = 0;
  let missing = 0;
  return (event) => {
    const now = Math.floor(nowMs() / 1000);
    if (now !== second) {
      second = now;
      lines = 0;
    }
    if (++lines > LINES_PER_S_MAX) {
      missing++;
      return;
    }
    if (missing > 0) {
      log({ level: 'warn', event: 'log-shortened', detail: `${missing} lines were left out` });
      missing = 0;
    }
    const long = event.detail !== undefined && event.detail.length > DETAIL_LENGTH_MAX;
    log(long ? { ...event, detail: `${event.detail!.slice(0, DETAIL_LENGTH_MAX)}…` } : event);
  };
};
