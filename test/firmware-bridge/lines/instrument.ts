/** An instrument that prints text at the other end of a port in memory. */

import type { Peer } from '../../../hardware/bench/binding.ts';
import { withChecksum } from './heard.ts';

export const wind = (angle: number): string => `${withChecksum(`WIMWV,${angle}.0,R,5.0,M,A`)}\r\n`;

export class Instrument implements Peer {
  /** What it says when the port is opened. */
  greeting: string | Uint8Array = '';
  #send: ((bytes: Uint8Array) => void) | undefined;

  say(text: string | Uint8Array): void {
    this.#send?.(Buffer.from(text as string));
  }

  open(send: (bytes: Uint8Array) => void): void {
    this.#send = send;
    if (this.greeting.length > 0) setImmediate(() => this.say(this.greeting));
  }

  receive(): void {
    throw new Error('an instrument of text is told nothing');
  }

  close(): void {
    this.#send = undefined;
  }
}
