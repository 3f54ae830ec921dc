/** How many sockets there may be, from where, and how long they may say nothing of worth. */

import { isIPv6, type Socket } from 'node:net';
import type { Limits } from './limits.ts';
import type { Log } from './log.ts';

/** The remote end of a socket, the same for TCP, the TLS over it and the WebSocket inside. */
export const peerOf = (socket: Socket): string => {
  const host = socket.remoteAddress ?? 'gone';
  return `${isIPv6(host) ? `[${host}]` : host}:${socket.remotePort ?? 0}`;
};

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^(::ffff:)?127\./.test(host);

type Waiting = { readonly socket: Socket; readonly timer: NodeJS.Timeout };

export class Gate {
  readonly #limits: Limits;
  readonly #log: Log;
  readonly #sockets = new Set<Socket>();
  readonly #byAddress = new Map<string, number>();
  /** Sockets that have not shown a credential, the oldest first. */
  readonly #waiting = new Map<string, Waiting>();

  constructor(limits: Limits, log: Log) {
    this.#limits = limits;
    this.#log = log;
  }

  get size(): number {
    return this.#sockets.size;
  }

  /** Takes a fresh socket, or destroys it. */
  enter(socket: Socket): void {
    const address = socket.remoteAddress ?? 'gone';
    const already = this.#byAddress.get(address) ?? 0;
    if (this.#sockets.size >= this.#limits.connectionsMax) {
      this.#turnAway(socket, `all ${this.#limits.connectionsMax} connections are taken`);
      return;
    }
    if (already >= this.#limits.addressConnectionsMax && !isLoopback(address)) {
      this.#turnAway(socket, `${address} has ${already} connections`);
      return;
    }
    this.#sockets.add(socket);
    this.#byAddress.set(address, already + 1);
    if (this.#waiting.size >= this.#limits.handshakesMax) this.#dropOldest();
    this.#wait(socket);
    const peer = peerOf(socket); // a closed socket has forgotten it
    socket.once('close', () => this.#left(socket, address, peer));
  }

  /** The peer has shown its credential. */
  admit(peer: string): void {
    clearTimeout(this.#waiting.get(peer)?.timer);
    this.#waiting.delete(peer);
  }

  destroyAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #wait(socket: Socket): void {
    const peer = peerOf(socket);
    const timer = setTimeout(() => {
      const detail = `no credential within ${this.#limits.connectTimeoutMs} ms`;
      this.#log({ level: 'warn', event: 'refused', code: 'timeout', detail, peer });
      socket.destroy();
    }, this.#limits.connectTimeoutMs);
    this.#waiting.set(peer, { socket, timer });
  }

  #dropOldest(): void {
    const [peer, oldest] = this.#waiting.entries().next().value!;
    this.admit(peer);
    this.#turnAway(oldest.socket, `${this.#limits.handshakesMax} others without a credential came after it`);
  }

  #turnAway(socket: Socket, detail: string): void {
    this.#log({ level: 'warn', event: 'refused', code: 'busy', detail, peer: peerOf(socket) });
    socket.destroy();
  }

  #left(socket: Socket, address: string, peer: string): void {
    this.admit(peer);
    this.#sockets.delete(socket);
    const others = this.#byAddress.get(address)! - 1;
    if (others > 0) this.#byAddress.set(address, others);
    else this.#byAddress.delete(address);
  }
}
