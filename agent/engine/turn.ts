/** One step in the making: what it may use, when it is, and the effects it has asked for so far. */

import type { Effect, Ports } from './effects.ts';

export type Turn = { readonly ports: Ports; readonly nowMs: number; readonly effects: Effect[] };

export const stream = (turn: Turn, bytes: Uint8Array): void => {
  turn.effects.push({ kind: 'stream', bytes: bytes });
};

export const notice = (turn: Turn, code: string, detail: string): void => {
  turn.effects.push({ kind: 'notice', code: code, detail: detail });
};
