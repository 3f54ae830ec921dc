/** One step in the making: what it may use, when it is, and the effects it has asked for so far. */

import type { Effect, Ports } from './effects.ts';

export type Turn = { readonly ports: Ports; readonly nowMs: number; readonly effects: Effect[] };

export const stream = (turn: Turn, bytes: Uint8Array): void => {
  turn.effects.push({ kind: 'stream', bytes: bytes });
};

/** Half a window that came in or became due is answered at once: it keeps the other side and the line busy. */
export const prompt = (turn: Turn, nano: number, windowNano: number): void => {
  if (nano * 2 >= windowNano) turn.effects.push({ kind: 'prompt' });
};

export const notice = (turn: Turn, code: string, detail: string): void => {
  turn.effects.push({ kind: 'notice', code: code, detail: detail });
};
