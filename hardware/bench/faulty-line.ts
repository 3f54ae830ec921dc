/** A serial line between a board and a host, and what is wrong with it at the moment. */

import { anyByte, chanceOf } from './chance.ts';
import { type Fault, spoil } from './faults.ts';

/** What a line that stalls or is slow keeps: a second of it at 115,200 baud. The rest is lost, as in a driver. */
const HELD_BYTES_MAX = 11_520;
/** How often a slow line and a babbling board have their turn. */
const TURN_MS = 10;

export type LineOptions = {
  readonly baudRate: number;
  readonly seed: number;
  readonly toHost: (bytes: Uint8Array) => void;
  readonly toBoard: (bytes: Uint8Array) => void;
};

export class FaultyLine {
  readonly #baudRate: number;
  readonly #up: Lane;
  readonly #down: Lane;
  #fault: Fault | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LineOptions) {
    this.#baudRate = options.baudRate;
    this.#up = new Lane(options.toHost, chanceOf(options.seed));
    this.#down = new Lane(options.toBoard, chanceOf(~options.seed));
  }

  get fault(): Fault | undefined {
    return this.#fault;
  }

  begin(fault: Fault): void {
    this.end();
    this.#fault = fault;
    const share = (fault.amount * TURN_MS) / 1000;
    if (fault.kind === 'slow')
      this.#timer = setInterval(() => {
        this.#up.release(share);
        this.#down.release(share);
      }, TURN_MS);
    if (fault.kind === 'babble') this.#timer = setInterval(() => this.#up.babble(share), TURN_MS);
  }

  /** The line is as good as new; what it held arrives. */
  end(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#fault = undefined;
    this.#up.release(HELD_BYTES_MAX);
    this.#down.release(HELD_BYTES_MAX);
  }

  /** What the board sent. */
  fromBoard(bytes: Uint8Array): void {
    this.#up.pass(bytes, this.#fault, this.#baudRate);
  }

  /** What the host sent. */
  fromHost(bytes: Uint8Array): void {
    this.#down.pass(bytes, this.#fault, this.#baudRate);
  }
}

/** One direction. */
class Lane {
  readonly #deliver: (bytes: Uint8Array) => void;
  readonly #chance: () => number;
  #held: number[] = [];
  #owed = 0; // of a byte, where a turn's share is no whole number

  constructor(deliver: (bytes: Uint8Array) => void, chance: () => number) {
    this.#deliver = deliver;
    this.#chance = chance;
  }

  pass(bytes: Uint8Array, fault: Fault | undefined, baudRate: number): void {
    if (fault?.kind === 'unplug') return;
    if (fault?.kind === 'stall' || fault?.kind === 'slow')
      this.#held.push(...bytes.subarray(0, HELD_BYTES_MAX - this.#held.length));
    else this.#send(fault === undefined ? bytes : spoil(bytes, fault, baudRate, this.#chance));
  }

  release(share: number): void {
    this.#send(Uint8Array.from(this.#held.splice(0, this.#turn(share))));
  }

  babble(share: number): void {
    this.#send(Uint8Array.from({ length: this.#turn(share) }, () => anyByte(this.#chance)));
  }

  #turn(share: number): number {
    this.#owed += share;
    const whole = Math.floor(this.#owed);
    this.#owed -= whole;
    return whole;
  }

  #send(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#deliver(bytes);
  }
}
