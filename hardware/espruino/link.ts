/**
 * A board on its line: answers what a host asks, sends readings and faults, and knows when each channel is
 * due (`schemas/spec/serial.md`). The twin of `hardware/core/link.c`; time is an argument, and a function
 * that takes a message is the line.
 */

import { decodeItems, encodeItems, type Item } from './cbor.ts';
import { ARRIVED, ASTRAY, METERED, type Meter } from './meter.ts';

const PROTOCOL = 2;
const FIRMWARE = '1.0.0';
/** 10 ms is what an interpreter can keep; a day is as rare as weather gets. 0 stops a channel. */
const PERIOD_MS_MIN = 10;
const PERIOD_MS_MAX = 86400000;
const FAULT_INTERVAL_MS = 1000; // and the longest time between two turns
const U16_MAX = 65535;

/** Numbers of serial.md section 4. */
const FAULT_NOT_MEASURED = 3;
const FAULT_FRAME_REFUSED = 4;
const FAULT_READING_DROPPED = 6;
const FAULT_READING_LATE = 7;
const FAULT_TICK = 9;
const FAULTS = 10;

/** Numbers of the one table of codes (`schemas/result.ts`). */
const DONE = 0;
const OUT_OF_RANGE = 25;
const CHANNEL_UNKNOWN = 40;

const HELLO = 0;
const IDENTITY = 1;
const READING = 2;
const COMMAND = 3;
const ACK = 4;
const PERIOD = 5;
const FAULT = 6;
const TICK = 8;

/**
 * What follows a request's kind: u an unsigned integer, i one of 32 bits, b bytes, 1 and 2 that many times 16
 * bytes. '' is no request.
 */
const SHAPES = 'uu,,,uui,,uuu,,uu2u1uuu1,uu1,,,,,uub'.split(',');

/** A sensor, or an actuator where it has a command. */
export type Part = {
  readonly name: string;
  readonly kind: string;
  /** SenML (RFC 8428 section 12.1). */
  readonly unit: string;
  /** A value is mantissa * 10^exponent. */
  readonly exponent: number;
  /** 0: only when it was set, or never. */
  readonly periodMs: number;
  /**
   * Measures and calls `done`, at once or later; throws, or calls it with anything but an integer of 32 bits, where
   * there is nothing to measure.
   */
  readonly read: (done: (mantissa: number | undefined) => void) => void;
  /** Sets it; false where it does not take that value. */
  readonly command?: (value: number) => boolean;
};

export type Board = {
  readonly board: string;
  /** 8 bytes. */
  readonly serial: Uint8Array;
  /** Their numbers are their places. */
  readonly parts: readonly Part[];
  readonly meter: Meter;
};

export type Link = {
  /** Looks what is there, and announces the board. */
  readonly begin: () => void;
  readonly receive: (message: Uint8Array, nowMs: number) => void;
  /** Bytes arrived that were no message. */
  readonly noise: () => void;
  /** Measures what is due, reports faults, walks a piece of a tick's way. In how many ms to be called again. */
  readonly turn: (nowMs: number) => number;
};

type Channel = {
  readonly part: Part;
  /** Its period as the host has set it. */
  everyMs: number;
  dueMs: number;
  /** Of the next reading. */
  seq: number;
  /** It measures nothing: the identity leaves it out. */
  isAbsent?: boolean;
  /** To be measured at the next turn, due or not. */
  isWanted?: boolean;
  /** Its `read` has not called back. */
  isBusy?: boolean;
};

const isRequest = (items: readonly (number | Uint8Array)[]): boolean => {
  const shape = SHAPES[items[0] as number];
  if (!shape || items.length !== shape.length + 1) return false;
  for (let i = 1; i < items.length; i++) {
    const item = items[i]!;
    const type = shape.charAt(i - 1);
    if (item instanceof Uint8Array) {
      if (type !== 'b' && item.length !== 16 * +type) return false;
    } else if (type === 'u' ? item < 0 : type !== 'i' || (item | 0) !== item) return false;
  }
  return true;
};

const channelOf = (part: Part): Channel => ({
  part: part,
  everyMs: part.periodMs,
  dueMs: 0,
  seq: 0,
});

/** Multiples of the period: channels of one period share their instants, and none drifts. */
const align = (channel: Channel, nowMs: number): void => {
  channel.dueMs = (Math.floor(nowMs / channel.everyMs) + 1) * channel.everyMs;
};

/** `put` takes a message whole or not at all, and says which. */
export const openLink = (board: Board, put: (message: Uint8Array) => boolean): Link => {
  const meter = board.meter;
  const channels = board.parts.map(channelOf);
  const faults = new Uint16Array(FAULTS);
  const reported = new Uint16Array(FAULTS);
  let reportedMs = 0;
  let isGreeted = false; // until then the board keeps quiet

  const send = (items: readonly Item[]): boolean => put(encodeItems(items));

  const fault = (number: number): void => {
    if (faults[number]! < U16_MAX) faults[number]!++;
  };

  const sendMeter = (): void => {
    if (isGreeted && meter.roles() & METERED) send(meter.state());
  };

  const identify = (nonce: number): void => {
    const present: Item[] = [];
    for (let i = 0; i < channels.length; i++) {
      const it = channels[i]!.part;
      if (channels[i]!.isAbsent) continue;
      present.push([i, it.name, it.kind, it.unit, it.exponent, it.command ? 1 : 0, channels[i]!.everyMs]);
    }
    const roles = meter.roles();
    if (!send([IDENTITY, PROTOCOL, nonce, board.board, FIRMWARE, board.serial, present, roles])) {
      fault(FAULT_READING_DROPPED);
    }
    sendMeter();
  };

  const greet = (protocol: number, nonce: number, nowMs: number): void => {
    if (!isGreeted) for (const channel of channels) align(channel, nowMs);
    // A host of another protocol gets the identity too: it carries ours, and the refusal is the host's.
    isGreeted = protocol === PROTOCOL;
    reported.fill(0);
    identify(nonce);
  };

  const execute = (kind: number, channel: Channel | undefined, value: number, nowMs: number): number => {
    if (!channel || channel.isAbsent) return CHANNEL_UNKNOWN;
    if (kind === PERIOD) {
      if (value !== 0 && (value < PERIOD_MS_MIN || value > PERIOD_MS_MAX)) return OUT_OF_RANGE;
      channel.everyMs = value;
      align(channel, nowMs);
      return DONE;
    }
    const command = channel.part.command;
    if (!command) return CHANNEL_UNKNOWN;
    if (!command(value)) return OUT_OF_RANGE;
    channel.isWanted = true; // the state follows the acknowledgement
    return DONE;
  };

  const receive = (message: Uint8Array, nowMs: number): void => {
    const items = decodeItems(message);
    if (!items || !isRequest(items)) {
      fault(FAULT_FRAME_REFUSED);
      return;
    }
    const numbers = items as number[];
    const kind = numbers[0]!;
    const id = numbers[1]!;
    if (kind === HELLO) greet(id, numbers[2]!, nowMs);
    else if (kind === COMMAND || kind === PERIOD) {
      send([ACK, id, execute(kind, channels[numbers[2]!], numbers[3]!, nowMs)]);
    } else if (!meter.roles()) fault(FAULT_FRAME_REFUSED);
    else if (kind === TICK) meter.tick(items);
    else {
      // Where the line is full the host repeats its request: every request sets, none adds.
      send([ACK, id, meter.request(items, message)]);
      sendMeter();
    }
  };

  const report = (nowMs: number): void => {
    if (!isGreeted || nowMs - reportedMs < FAULT_INTERVAL_MS) return;
    reportedMs = nowMs;
    for (let i = 1; i < FAULTS; i++) {
      const count = faults[i]!;
      if (count !== reported[i] && send([FAULT, i, count])) reported[i] = count;
    }
  };

  const isDue = (channel: Channel, nowMs: number): boolean => {
    const everyMs = channel.everyMs;
    const lateMs = nowMs - channel.dueMs;
    if (!everyMs) return false;
    if (lateMs < -everyMs) align(channel, nowMs); // somebody set the clock back
    if (lateMs < 0) return false;
    channel.dueMs += everyMs;
    if (lateMs >= everyMs) {
      fault(FAULT_READING_LATE);
      align(channel, nowMs);
    }
    return true;
  };

  /** For a reading of the channel. An actuator's state costs nothing. */
  const hasRoom = (channel: Channel): boolean => !!channel.part.command || meter.room() > 0;

  const take = (number: number, channel: Channel, isAsked: boolean, mantissa: number | undefined): void => {
    const isAbsent = (mantissa! | 0) !== mantissa;
    if (!channel.isAbsent === isAbsent) {
      channel.isAbsent = isAbsent;
      if (isAbsent) fault(FAULT_NOT_MEASURED);
      identify(0);
    }
    if (isAbsent || !isAsked || !hasRoom(channel)) return;
    if (!channel.part.command) meter.deliver();
    // Sent or not: the host sees the gap.
    if (!send([READING, number, channel.seq++, mantissa!])) fault(FAULT_READING_DROPPED);
  };

  const measure = (number: number, channel: Channel): void => {
    if (channel.isBusy) {
      fault(FAULT_READING_LATE);
      return;
    }
    const isAsked = isGreeted; // before, it is only whether there is something to measure
    channel.isBusy = true;
    const done = (mantissa: number | undefined): void => {
      if (channel.isBusy) take(number, channel, isAsked, mantissa);
      channel.isBusy = false;
    };
    try {
      channel.part.read(done);
    } catch (_) {
      done(undefined); // a bus without its sensor throws
    }
  };

  const turn = (nowMs: number): number => {
    const walked = meter.walk();
    if (walked === ASTRAY) fault(FAULT_TICK);
    if (walked >= ARRIVED) sendMeter();
    report(nowMs);
    let waitMs = FAULT_INTERVAL_MS;
    for (let i = 0; isGreeted && i < channels.length; i++) {
      const channel = channels[i]!;
      // Present or not: what was unplugged is looked for again.
      const isNow = isDue(channel, nowMs) || channel.isWanted;
      channel.isWanted = false;
      if (isNow && hasRoom(channel)) measure(i, channel);
      if (channel.everyMs > 0) waitMs = Math.min(waitMs, channel.dueMs - nowMs);
    }
    return walked ? 0 : waitMs;
  };

  return {
    begin: () => {
      for (let i = 0; i < channels.length; i++) measure(i, channels[i]!);
      identify(0);
    },
    receive: receive,
    noise: () => fault(FAULT_FRAME_REFUSED),
    turn: turn,
  };
};
