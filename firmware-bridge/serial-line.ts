/**
 * A serial line that is kept open: lost, it is opened again, soon, then ever more rarely, and at once when
 * its path appears. What is said on it is the driver's affair.
 */

import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { type Refusal, refuse } from '../schemas/result.ts';
import { Backoff, type BackoffMs } from './backoff.ts';
import type { Line, LineEvents } from './line.ts';
import { openPort, type Port, type PortOptions } from './port.ts';

/** udev makes the link before it sets the group: opened at once, the port would be denied. */
const PLUGGED_MS = 100;

export class SerialLine implements Line {
  readonly name: string;
  readonly #options: PortOptions;
  readonly #backoff: Backoff;
  readonly #events: LineEvents;
  #port: Port | undefined;
  #attempt = 0; // what an earlier one still delivers is ignored
  #timer: NodeJS.Timeout | undefined;
  #watcher: FSWatcher | undefined;
  #released: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(
    options: PortOptions & { readonly backoff?: Partial<BackoffMs> | undefined },
    events: LineEvents,
  ) {
    this.name = options.path;
    this.#options = options;
    this.#backoff = new Backoff(options.backoff);
    this.#events = events;
  }

  open(): void {
    void this.#connect();
  }

  /** False where nobody takes the bytes. */
  write(bytes: Uint8Array): boolean {
    return this.#port?.write(bytes) ?? false;
  }

  /** Whoever is there has answered: the next loss is a new one. */
  settled(): void {
    this.#backoff.reset();
  }

  /** The connection is no use any more: tells, and tries again later. */
  lose(refusal: Refusal): void {
    if (this.#closed) return;
    this.#abandon();
    this.#events.onLost(refusal);
    if (this.#closed) return;
    this.#timer = setTimeout(() => this.#retry(), this.#backoff.nextMs());
    this.#expect();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#abandon();
    await this.#released;
  }

  #abandon(): void {
    this.#attempt++;
    clearTimeout(this.#timer);
    this.#watcher?.close();
    this.#watcher = undefined;
    const port = this.#port;
    this.#port = undefined;
    if (port !== undefined) this.#released = port.close();
  }

  #retry(): void {
    this.#abandon();
    void this.#released.then(() => this.#connect());
  }

  async #connect(): Promise<void> {
    if (this.#closed) return;
    const attempt = ++this.#attempt;
    const isOver = (): boolean => attempt !== this.#attempt;
    const opened = await openPort(this.#options, {
      onData: (chunk) => {
        if (!isOver()) this.#events.onData(chunk);
      },
      onClose: () => {
        if (!isOver()) this.lose(refuse('device-failed', `${this.name} was disconnected: plug it in`));
      },
    });
    if (isOver()) {
      if (opened.ok) await opened.value.close();
    } else if (!opened.ok) {
      this.lose(opened);
    } else {
      this.#port = opened.value;
      this.#events.onOpen();
    }
  }

  /** A hint that spares the wait: where a folder cannot be watched, the timer does it alone. */
  #expect(): void {
    const name = basename(this.name);
    try {
      this.#watcher = watch(dirname(this.name), { persistent: false }, (event, changed) => {
        if (event !== 'rename' || changed !== name) return;
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#retry(), PLUGGED_MS);
      });
      this.#watcher.on('error', () => {}); // the folder is gone with the last port in it
    } catch {
      // no such folder
    }
  }
}
