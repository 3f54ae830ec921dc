/**
 * The driver for our firmware: frames on a line, serial or over MQTT (`schemas/spec/serial.md`), to a `Device`.
 *
 * It says hello until the board answers, says hello again when the board was reset or fell silent, opens
 * the port again when that was lost, and forgets whatever arrived before the answer: it may be old. A reading
 * is delivered once: one whose number does not rise is refused.
 */

import { randomInt } from 'node:crypto';
import { encodeFrame } from '../schemas/frame.ts';
import { type Code, type Refusal, type Result, refuse } from '../schemas/result.ts';
import {
  type Capability,
  encodeSerial,
  type Identity,
  type MeterState,
  NONCE_UNASKED,
  type Reading,
  ROLE,
  SERIAL_PROTOCOL,
  type SerialMessage,
} from '../schemas/serial.ts';
import { Audience, newHealth } from './audience.ts';
import type { BackoffMs } from './backoff.ts';
import type { Device, DeviceIdentity, DeviceListener, Meter } from './device.ts';
import { Answers, boardName, encounter, type Met, metOf } from './encounter.ts';
import { Greeting, type GreetingTiming } from './greeting.ts';
import type { Line } from './line.ts';
import { readMessages } from './message-reader.ts';
import { BoardMeter } from './meter.ts';
import { OnlineState, whenOnline } from './online-state.ts';
import { Payer } from './payer.ts';
import { hintFor, lineTo, type Place } from './place.ts';
import { acknowledged, type Reply, Requests } from './requests.ts';
import { Sequences } from './sequences.ts';

/** Whoever opens a board need not wait: time mends none of these. */
const HOPELESS: ReadonlySet<Code> = new Set(['port-denied', 'not-authorised', 'protocol-unsupported']);

/** All in milliseconds. */
export type FramesTiming = GreetingTiming & {
  /** How long `openFrames` waits for the first answer. */
  readonly open: number;
  readonly ack: number;
  /** A tick that the meter does not show by then is said again: a walk of 1,024 hashes takes 3 s. */
  readonly tick: number;
  /** A board is asked for a sign of life after this, or after three of its shortest periods. */
  readonly silence: number;
};

const TIMING: FramesTiming = {
  open: 10_000,
  hello: 250, // an identity takes 20 ms on the line
  greeting: 5_000,
  ack: 500,
  tick: 1_000,
  silence: 5_000,
};
/** A radio that sleeps between two beacons, and two ways through a broker. */
const TIMING_MQTT = { hello: 1_000, ack: 1_000 };

export type FramesOptions = Place & {
  /** 16 hexadecimal digits: any other board there is refused. Default: whichever is there. */
  readonly serial?: string | undefined;
  readonly timing?: Partial<FramesTiming>;
  readonly backoff?: Partial<BackoffMs>;
};

/** What our firmware has beyond a `Device`. */
export type Board = Device & {
  /** A sum of `ROLE`. */
  readonly roles: number;
  /** null where the board is no payer. */
  readonly payer: Payer | null;
  /** Writes a key or number of `SLOT`, once. Codes: not-authorised (it has one), timeout, device-failed, busy. */
  readonly provision: (slot: number, bytes: Uint8Array) => Promise<Result<void>>;
};

/**
 * Resolves when the board has said what it is; from then on the device looks after itself until closed.
 * Codes: port-denied, not-authorised (by its broker), protocol-unsupported, device-failed for another board than `serial` (at once);
 * port-missing, port-in-use, timeout, device-failed (when it stayed so for `timing.open`).
 */
export const openFrames = async (options: FramesOptions): Promise<Result<Board>> => {
  const device = new FramesDevice(options);
  return whenOnline(device, await device.start());
};

class FramesDevice implements Board {
  identity: DeviceIdentity = { board: '', firmware: '', serial: '' };
  capabilities: readonly Capability[] = [];
  roles = 0;
  readonly health = newHealth();

  readonly #serial: string | undefined;
  readonly #timing: FramesTiming;
  readonly #audience = new Audience();
  readonly #state = new OnlineState(this.#audience, this.health);
  readonly #greeting: Greeting;
  readonly #answers = new Answers();
  readonly #line: Line;
  readonly #hint: string;
  readonly #requests: Requests;
  readonly #meter: BoardMeter;
  readonly #payer: Payer;
  readonly #sequences = new Sequences();
  /** What was asked for. */
  readonly #periods = new Map<number, number>();
  #met: Met | null = null;
  #nonce = NONCE_UNASKED;
  #news = true; // what the next identity says is not known yet
  #connection = 0; // rises when it is lost: the rest of a chunk is nobody's
  #read: (chunk: Uint8Array) => void = () => {};
  #lastRefusal: Refusal;
  /** Since the greeting began: what came instead of an answer. */
  #misheard: Refusal | undefined;
  #noiseBefore = 0;

  constructor(options: FramesOptions) {
    this.#serial = options.serial?.toLowerCase();
    this.#timing = { ...TIMING, ...('mqtt' in options && TIMING_MQTT), ...options.timing };
    this.#requests = new Requests((message) => this.#send(message), this.#timing.ack);
    this.#meter = new BoardMeter(this.#requests, (tick) => this.#send(tick), this.#timing.tick);
    this.#payer = new Payer(this.#requests);
    this.#greeting = new Greeting(this.#timing, {
      onBegin: () => {
        this.#nonce = randomInt(1, 2 ** 32);
        this.#answers.begin();
        this.#misheard = undefined;
        this.#noiseBefore = this.health.noiseBytes;
      },
      ask: () => this.#ask(),
      onUnanswered: () => this.#line.lose(refuse('timeout', this.#unanswered())),
    });
    const events = {
      onOpen: () => this.#onOpen(),
      onData: (chunk: Uint8Array) => this.#read(chunk),
      onLost: (refusal: Refusal) => this.#onLost(refusal),
    };
    this.#line = lineTo(options, events, (refusal) => this.#tell(refusal));
    this.#hint = hintFor(options);
    this.#lastRefusal = refuse('timeout', `${this.#line.name} did not open in time`);
  }

  get online(): boolean {
    return this.#state.isOnline;
  }

  get meter(): Meter | null {
    return (this.roles & ROLE.meter) === 0 ? null : this.#meter;
  }

  get payer(): Payer | null {
    return (this.roles & ROLE.payer) === 0 ? null : this.#payer;
  }

  /** undefined when the board has answered. */
  start(): Promise<Refusal | undefined> {
    const opened = this.#state.opened(this.#timing.open, () => this.#state.refuse(this.#lastRefusal));
    this.#line.open();
    return opened;
  }

  listen(listener: DeviceListener): () => void {
    return this.#audience.add(listener);
  }

  command(channel: number, value: number): Promise<Result<void>> {
    return this.#requests.ask((id) => ({ type: 'command', id, channel, value }), acknowledged);
  }

  provision(slot: number, bytes: Uint8Array): Promise<Result<void>> {
    return this.#requests.ask((id) => ({ type: 'provision', id, slot, bytes }), acknowledged);
  }

  async setPeriod(channel: number, periodMs: number): Promise<Result<void>> {
    const answer = await this.#requests.ask(
      (id) => ({ type: 'period', id, channel, periodMs }),
      acknowledged,
    );
    if (!answer.ok) return answer;
    this.#periods.set(channel, periodMs);
    this.capabilities = this.capabilities.map((capability) =>
      capability.channel === channel ? { ...capability, periodMs } : capability,
    );
    this.#watch();
    return answer;
  }

  async close(): Promise<void> {
    this.#connection++;
    this.#greeting.end();
    this.#state.close();
    this.#requests.abandon();
    this.#meter.onNews(false);
    await this.#line.close();
  }

  // the line

  #onOpen(): void {
    const connection = ++this.#connection;
    this.#read = readMessages(
      this.health,
      {
        onMessage: (message) => this.#onMessage(message),
        onNoise: (bytes) => this.#audience.noise(bytes),
        onRefused: (refusal) => this.#refuse(refusal),
        onForeign: (refusal) => this.#line.lose(refusal),
      },
      () => connection !== this.#connection,
    );
    this.#greeting.begin();
  }

  #onLost(refusal: Refusal): void {
    this.#connection++;
    this.#greeting.end();
    this.#lastRefusal = refusal;
    this.#news = true;
    this.#state.offline(refusal);
    this.#requests.abandon();
    this.#meter.onNews(this.#meter.keySet);
    if (HOPELESS.has(refusal.code)) this.#state.refuse(refusal);
  }

  // who is there

  #ask(): void {
    const alone = this.#answers.release();
    if (alone === null) this.#send({ type: 'hello', protocol: SERIAL_PROTOCOL, nonce: this.#nonce });
    else this.#meet(alone);
  }

  #onIdentity(identity: Identity): void {
    if (identity.nonce === NONCE_UNASKED) {
      this.#news = true; // it was reset, or has other channels than before
      this.#greeting.begin();
    } else if (identity.nonce === this.#nonce) {
      const met = metOf(identity);
      const rival = this.#answers.rivalOf(identity);
      if (rival !== null) this.#refuseBoth(rival.identity, met.identity);
      else if (!this.#answers.hold(this.#isExpected(met))) this.#meet(identity);
    } else {
      this.health.strays++; // of a hello that is over
    }
  }

  #isPinned({ identity }: Met): boolean {
    return this.#serial === undefined || identity.serial === this.#serial;
  }

  #isExpected(met: Met): boolean {
    return this.#isPinned(met) && encounter(this.#met, met) !== 'another';
  }

  #meet(identity: Identity): void {
    const met = metOf(identity);
    if (!this.#isPinned(met)) {
      this.#refuseBoard(met.identity);
      return;
    }
    const meeting = encounter(this.#met, met);
    if (meeting === 'another') this.#forget(met.identity);
    if (meeting === 'changed') this.#news = true;
    this.#met = met;
    this.identity = met.identity;
    this.capabilities = met.capabilities;
    this.roles = identity.roles;
    this.#meter.onNews((identity.roles & ROLE.meterKey) !== 0);
    this.#sequences.greeted(met.capabilities.map((one) => one.channel));
    this.#line.settled();
    this.#greeting.end();
    if (this.#news) this.#state.online();
    this.#news = false;
    this.#watch();
    this.#resume();
  }

  #refuseBoard(met: DeviceIdentity): void {
    const detail = `${this.#line.name} has ${boardName(met)}, not the board ${this.#serial}: connect that, or pin this one`;
    const refusal = refuse('device-failed', detail);
    this.#line.lose(refusal);
    this.#state.refuse(refusal);
  }

  /** Nobody knows whose a reading would be. */
  #refuseBoth(one: DeviceIdentity, other: DeviceIdentity): void {
    const names = `${boardName(one)} and ${boardName(other)}`;
    const detail = `two boards answer at ${this.#line.name}, ${names}: give each a place of its own`;
    this.#line.lose(refuse('device-failed', detail));
  }

  /** Another board in the same place is told as a loss, even where nobody saw the plug being pulled. */
  #forget(met: DeviceIdentity): void {
    this.#sequences.forget();
    this.#periods.clear();
    this.#news = true;
    const detail = `${this.#line.name} had ${boardName(this.identity)}, and has ${boardName(met)} now`;
    this.#state.lost(refuse('device-failed', detail));
  }

  /** A board that was reset has forgotten its periods. */
  #resume(): void {
    for (const { channel, periodMs } of this.capabilities) {
      const wanted = this.#periods.get(channel) ?? periodMs;
      if (wanted !== periodMs) void this.setPeriod(channel, wanted);
    }
  }

  #watch(): void {
    if (!this.#state.isOnline || this.#greeting.isOpen) return;
    const periods = this.capabilities.map((capability) => capability.periodMs).filter((ms) => ms > 0);
    const rarest = periods.length > 0 ? 3 * Math.min(...periods) : 0;
    this.#greeting.watch(Math.max(this.#timing.silence, rarest));
  }

  #unanswered(): string {
    if (this.#misheard !== undefined)
      return `the board at ${this.#line.name} does not answer as our firmware does: ${this.#misheard.detail}`;
    const isNoisy = this.health.noiseBytes > this.#noiseBefore;
    const hint = isNoisy ? 'it says something else: is the firmware ours?' : this.#hint;
    return `no board answered at ${this.#line.name}: ${hint}`;
  }

  // frames

  #send(message: SerialMessage): boolean {
    return this.#line.write(encodeFrame(encodeSerial(message)));
  }

  #onMessage(message: SerialMessage): void {
    if (message.type === 'identity') {
      this.#onIdentity(message);
      return;
    }
    if (!this.#state.isOnline) return; // from before the answer: nobody knows how old
    this.#greeting.heard();
    if (message.type === 'reading') this.#onReading(message);
    else if (message.type === 'fault') this.#audience.fault(message.fault, message.count);
    else if (message.type === 'meter') this.#onMeter(message);
    else if (!isReply(message))
      this.#refuse(refuse('object-malformed', `a ${message.type} is no board's to say`));
    else if (!this.#requests.settle(message)) this.health.strays++; // of a request that was repeated
  }

  #onMeter(state: MeterState): void {
    this.#meter.onState(state);
    this.#audience.meter(state);
    this.#requests.settle(state);
  }

  #onReading({ channel, seq, mantissa }: Reading): void {
    const capability = this.capabilities.find((known) => known.channel === channel);
    if (capability === undefined) {
      this.#refuse(
        refuse('channel-unknown', `a reading of channel ${channel}, which the board has not announced`),
      );
      return;
    }
    const lost = this.#sequences.take(channel, seq);
    if (lost < 0) {
      const detail = `reading ${seq} of ${capability.name} again, or late: a number is delivered once, in order`;
      this.#refuse(refuse('value-out-of-range', detail));
      return;
    }
    this.health.lostReadings += lost;
    const reading = { channel, seq, mantissa, exponent: capability.exponent };
    this.#audience.reading(reading);
  }

  #refuse(refusal: Refusal): void {
    if (this.#greeting.isOpen) this.#misheard = refusal;
    this.#tell(refusal);
  }

  #tell(refusal: Refusal): void {
    this.health.strays++;
    this.#audience.refused(refusal);
  }
}

const isReply = (message: SerialMessage): message is Reply =>
  message.type === 'ack' || message.type === 'chained' || message.type === 'tick';
