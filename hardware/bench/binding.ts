/**
 * A serialport binding whose ports are in this process: at their other end is an emulated chip, or whatever
 * a test puts there. Faster than a pseudo-terminal, and it can be unplugged.
 */

import type { Binding, BindingPort } from '../../firmware-bridge/port.ts';
import type { Chip } from './chip.ts';
import { startPace } from './pace.ts';
import { Unread } from './unread.ts';

/** The other end of a port. */
export type Peer = {
  /** The port was opened; `send` puts bytes on its line. */
  readonly open: (send: (bytes: Uint8Array) => void) => void;
  readonly receive: (bytes: Uint8Array) => void;
  readonly close: () => void;
};

/** A board that runs while its port is open; `speed` in chip seconds per second. */
export const chipPeer = (build: (onSend: (byte: number) => void) => Chip, speed: number): Peer => {
  const unsent: number[] = [];
  const chip = build((byte) => unsent.push(byte));
  let stop = (): void => {};
  return {
    open: (send) => {
      const pace = startPace(chip, speed, () => {
        if (unsent.length > 0) send(Uint8Array.from(unsent.splice(0)));
      });
      stop = pace.stop;
    },
    receive: (bytes) => chip.receive(bytes),
    close: () => stop(),
  };
};

export class PeerBinding implements Binding {
  readonly #peers = new Map<string, Peer>();
  readonly #open = new Map<string, PeerPort>();

  plug(path: string, peer: Peer): void {
    this.#peers.set(path, peer);
  }

  /** An open port fails as a pulled plug does. */
  unplug(path: string): void {
    this.#peers.delete(path);
    this.#open.get(path)?.fail(new Error('unplugged'));
  }

  async list(): Promise<{ path: string }[]> {
    return [...this.#peers.keys()].map((path) => ({ path }));
  }

  async open(options: { path: string; baudRate: number }): Promise<BindingPort> {
    const peer = this.#peers.get(options.path);
    if (peer === undefined) throw new Error(`no such file or directory, cannot open ${options.path}`);
    if (this.#open.has(options.path)) throw new Error('Cannot lock port');
    const port = new PeerPort(options, peer, () => this.#open.delete(options.path));
    this.#open.set(options.path, port);
    return port;
  }
}

class PeerPort implements BindingPort {
  readonly openOptions: { path: string; baudRate: number };
  readonly #peer: Peer;
  readonly #onClose: () => void;
  readonly #unread = new Unread();
  isOpen = true;

  constructor(options: { path: string; baudRate: number }, peer: Peer, onClose: () => void) {
    this.openOptions = options;
    this.#peer = peer;
    this.#onClose = onClose;
    peer.open((bytes) => this.#unread.push(bytes));
  }

  fail(failure: Error): void {
    this.#unread.fail(failure);
  }

  read(buffer: Buffer, offset: number, length: number): Promise<{ buffer: Buffer; bytesRead: number }> {
    return this.#unread.read(buffer, offset, length);
  }

  async write(bytes: Buffer): Promise<void> {
    this.#unread.throwFailure();
    if (this.isOpen) this.#peer.receive(bytes);
  }

  async close(): Promise<void> {
    this.isOpen = false;
    this.#onClose();
    this.#peer.close();
    this.#unread.close();
  }

  async flush(): Promise<void> {
    this.#unread.flush();
  }

  async getBaudRate(): Promise<{ baudRate: number }> {
    return { baudRate: this.openOptions.baudRate };
  }

  async get(): Promise<{ cts: boolean; dsr: boolean; dcd: boolean }> {
    return { cts: true, dsr: true, dcd: true };
  }

  async update(): Promise<void> {}
  async set(): Promise<void> {}
  async drain(): Promise<void> {}
}
