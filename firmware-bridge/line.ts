/** A way to a board, whatever it is made of: frames go out on it, bytes come in, and it is kept open. */

import type { Refusal } from '../schemas/result.ts';

export type LineEvents = {
  /** It is open: greet whoever is at its other end. */
  readonly onOpen: () => void;
  readonly onData: (chunk: Uint8Array) => void;
  /** It did not open, or it is lost; it will be tried again. */
  readonly onLost: (refusal: Refusal) => void;
};

export type Line = {
  /** For a person who has to find it. */
  readonly name: string;
  readonly open: () => void;
  /** Sends a frame; false where nobody takes it. */
  readonly write: (frame: Uint8Array) => boolean;
  /** Whoever is there has answered: the next loss is a new one. */
  readonly settled: () => void;
  /** Of no use any more: tells, and tries again later. */
  readonly lose: (refusal: Refusal) => void;
  readonly close: () => Promise<void>;
};
