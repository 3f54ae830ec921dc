/** Whether a device is there: by its own word, by what it says, and by its silence. */

import { type Refusal, refuse } from '../../schemas/result.ts';

type Word = { readonly online: boolean; readonly detail: string };

export class Presence {
  readonly #mustSpeak: boolean;
  readonly #silenceMs: number;
  readonly #onSilent: () => void;
  #up = false;
  #heard = false; // in this connection
  #word: Word | undefined; // in this connection
  #silent = false;
  #timer: NodeJS.Timeout | undefined;

  /** Silent after `silenceMs`; 0: never. Who need not speak is there as soon as the broker is. */
  constructor(mustSpeak: boolean, silenceMs: number, onSilent: () => void) {
    this.#mustSpeak = mustSpeak;
    this.#silenceMs = silenceMs;
    this.#onSilent = onSilent;
  }

  get isThere(): boolean {
    if (!this.#up || this.#silent || this.#word?.online === false) return false;
    return this.#word !== undefined || this.#heard || !this.#mustSpeak;
  }

  /** Why it is not there, as far as it said so itself. */
  get said(): Refusal | undefined {
    return this.#word?.online === false ? refuse('device-failed', this.#word.detail) : undefined;
  }

  /** Why it is not there. */
  get why(): Refusal {
    if (this.#silent)
      return refuse('timeout', `nothing was said for ${this.#silenceMs} ms: is the device there?`);
    return this.said ?? refuse('device-failed', 'nothing was said of the device yet');
  }

  connected(): void {
    this.#up = true;
    this.#watch();
  }

  /** The connection was lost: nobody knows any more. */
  lost(): void {
    this.#up = false;
    this.#heard = false;
    this.#word = undefined;
    this.#silent = false;
    clearTimeout(this.#timer);
  }

  /** Its last will, or the like. */
  onWord(word: Word): void {
    this.#word = word;
  }

  /** Something is known of it, if only from before. It may come before the subscription is acknowledged. */
  onHeard(): void {
    this.#heard = true;
  }

  /** It has said something just now. */
  onSign(): void {
    this.#heard = true;
    this.#silent = false;
    this.#watch();
  }

  #watch(): void {
    clearTimeout(this.#timer);
    if (this.#silenceMs === 0) return;
    this.#timer = setTimeout(() => {
      this.#silent = true;
      this.#onSilent();
    }, this.#silenceMs);
  }
}
