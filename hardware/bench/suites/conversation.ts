/** A host that is no driver: says what a check wants to say, and hears everything. */

import { type Binding, openPort, type Port } from '../../../firmware-bridge/port.ts';
import { encodeFrame, FrameDecoder } from '../../../schemas/frame.ts';
import type { Result } from '../../../schemas/result.ts';
import { ok } from '../../../schemas/result.ts';
import {
  decodeSerial,
  encodeSerial,
  type Identity,
  SERIAL_MESSAGE_BYTES_MAX,
  SERIAL_PROTOCOL,
  type SerialMessage,
} from '../../../schemas/serial.ts';
import { Bell } from './bell.ts';

const BAUD_RATE = 115_200;
/** A boot loader listens for 2 s before it starts the firmware. */
const ANSWER_MS_MAX = 5000;
const HELLO_MS = 250;

export class Conversation {
  readonly heard: SerialMessage[] = [];
  /** Intact frames that were no message, and why. */
  readonly refused: string[] = [];
  readonly #bell = new Bell();
  readonly #decoder = new FrameDecoder(SERIAL_MESSAGE_BYTES_MAX);
  #port: Port | undefined;
  #nonce = 1;

  static async open(path: string, binding: Binding): Promise<Result<Conversation>> {
    const conversation = new Conversation();
    const port = await openPort(
      { path, binding, baudRate: BAUD_RATE },
      { onData: (chunk) => conversation.#hear(chunk), onClose: () => {} },
    );
    if (!port.ok) return port;
    conversation.#port = port.value;
    return ok(conversation);
  }

  write(bytes: Uint8Array): void {
    this.#port?.write(bytes);
  }

  send(message: SerialMessage): void {
    this.write(encodeFrame(encodeSerial(message)));
  }

  /** The first message after `since` of `heard` that is wanted. */
  async hears<M extends SerialMessage>(
    since: number,
    wanted: (message: SerialMessage) => message is M,
    what: string,
    timeoutMs = ANSWER_MS_MAX,
  ): Promise<M> {
    const find = (): M | undefined => this.heard.slice(since).find(wanted);
    await this.#bell.until(
      () => find() !== undefined,
      timeoutMs,
      () => `the board did not say ${what}, but ${this.#said(since)}`,
    );
    return find()!;
  }

  /** Says hello, again and again where `patient`, until the board answers to this one. */
  async greet(patient = true, protocol: number = SERIAL_PROTOCOL): Promise<Identity> {
    const nonce = ++this.#nonce;
    const since = this.heard.length;
    const hello = (): void => this.send({ type: 'hello', protocol, nonce });
    hello();
    const repeating = patient ? setInterval(hello, HELLO_MS) : undefined;
    const answers = (message: SerialMessage): message is Identity =>
      message.type === 'identity' && message.nonce === nonce;
    try {
      return await this.hears(since, answers, `an identity with nonce ${nonce}`);
    } finally {
      clearInterval(repeating);
    }
  }

  async close(): Promise<void> {
    await this.#port?.close();
  }

  #hear(chunk: Uint8Array): void {
    this.#decoder.push(
      chunk,
      (encoded) => {
        const decoded = decodeSerial(encoded);
        if (decoded.ok) this.heard.push(decoded.value);
        else this.refused.push(decoded.detail);
      },
      () => {},
    );
    this.#bell.ring();
  }

  #said(since: number): string {
    const types =
      [...new Set(this.heard.slice(since).map((message) => message.type))].join(', ') || 'nothing';
    return this.refused.length === 0 ? types : `${types}; refused: ${this.refused.at(-1)}`;
  }
}
