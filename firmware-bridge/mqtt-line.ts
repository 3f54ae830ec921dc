/**
 * A line to a board that is a client of MQTT (`schemas/spec/serial.md` section 6): one frame a message, the board's at
 * TOPIC/out, ours at TOPIC/in. Lost is the connection to the broker, or a board that does not answer; the
 * second is greeted again later without a new connection, and at once when it says something.
 */

import { type Refusal, refuse } from '../schemas/result.ts';
import { Backoff, type BackoffMs } from './backoff.ts';
import type { Line, LineEvents } from './line.ts';
import { BrokerLink, type Login } from './mqtt/broker-link.ts';
import { type Dial, dialWith } from './mqtt/dial.ts';

export type MqttPlace = {
  /** mqtt:// or mqtts://, or whatever `dial` knows. */
  readonly url: string;
  readonly login?: Login | undefined;
  /** PEM of who certifies the broker, where the system does not know. */
  readonly ca?: Uint8Array | undefined;
  readonly dial?: Dial | undefined;
  /** Without /in and /out. */
  readonly topic: string;
};

/** Of 1,024 bytes of message and 4 of CRC: one more for each 254 of them that COBS begins, and the zero. */
const FRAME_BYTES_MAX = 1034;
/** A PUBLISH of QoS 0 has the topic's length, the topic, and the frame (MQTT 3.1.1 section 3.3). */
const packetBytesMax = (topic: string): number => 2 + Buffer.byteLength(topic) + FRAME_BYTES_MAX;

const FRAME_END = Uint8Array.of(0);

export class MqttLine implements Line {
  readonly name: string;
  readonly #in: string;
  readonly #out: string;
  readonly #events: LineEvents;
  readonly #onRefused: (refusal: Refusal) => void;
  readonly #link: BrokerLink;
  readonly #backoff: Backoff;
  #isOpen = false;
  #isSilent = false; // given up because nobody answered
  #isClosed = false;
  #timer: NodeJS.Timeout | undefined;

  /** `onRefused` is told of messages that are no part of the line, and why. */
  constructor(
    place: MqttPlace,
    backoff: Partial<BackoffMs> | undefined,
    events: LineEvents,
    onRefused: (refusal: Refusal) => void,
  ) {
    const { url, topic, login } = place;
    this.name = `${topic} on ${url}`;
    this.#in = `${topic}/in`;
    this.#out = `${topic}/out`;
    this.#events = events;
    this.#onRefused = onRefused;
    this.#backoff = new Backoff(backoff);
    const filters = [this.#out];
    const dial = place.dial ?? dialWith(place.ca);
    this.#link = new BrokerLink(
      { url, login, dial, filters, backoff, packetBytesMax: packetBytesMax(this.#out) },
      {
        onUp: () => this.#begin(),
        onMessage: (_, payload, fresh) => this.#onMessage(payload, fresh),
        onRefused,
        onLost: (refusal) => this.#end(refusal),
      },
    );
  }

  open(): void {
    this.#link.open();
  }

  write(frame: Uint8Array): boolean {
    return this.#isOpen && this.#link.send(this.#in, frame);
  }

  settled(): void {
    this.#backoff.reset();
  }

  lose(refusal: Refusal): void {
    if (this.#isClosed) return;
    this.#end(refusal);
    if (this.#isClosed) return;
    this.#isSilent = refusal.code === 'timeout';
    this.#timer = setTimeout(() => this.#begin(), this.#backoff.nextMs());
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#isOpen = false;
    clearTimeout(this.#timer);
    await this.#link.close();
  }

  #begin(): void {
    clearTimeout(this.#timer);
    this.#isSilent = false;
    this.#isOpen = true;
    this.#events.onOpen();
  }

  #end(refusal: Refusal): void {
    clearTimeout(this.#timer);
    this.#isSilent = false;
    this.#isOpen = false;
    this.#events.onLost(refusal);
  }

  #onMessage(payload: Uint8Array, fresh: boolean): void {
    if (!fresh) {
      const remedy = 'clear it with an empty one, and publish without "retain"';
      this.#onRefused(
        refuse('object-malformed', `${this.#out} holds a retained message, it is old: ${remedy}`),
      );
    } else if (payload.length === 0) {
      this.#onRefused(refuse('object-malformed', `${this.#out} had an empty message: one frame is in each`));
    } else {
      if (this.#isSilent) this.#begin();
      this.#deliver(payload);
      // What a message leaves unfinished does not spoil the next.
      if (payload.at(-1) !== 0) this.#deliver(FRAME_END);
    }
  }

  #deliver(bytes: Uint8Array): void {
    if (this.#isOpen) this.#events.onData(bytes);
  }
}
