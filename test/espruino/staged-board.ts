/** A staged board as tests talk to it: messages in, messages out, milliseconds pass. */

import { encodeFrame, FrameDecoder } from '../../schemas/frame.ts';
import { installationMac } from '../../schemas/meter.ts';
import { codeOf } from '../../schemas/result.ts';
import {
  decodeSerial,
  encodeSerial,
  type Identity,
  type Installation,
  type MeterState,
  SERIAL_MESSAGE_BYTES_MAX,
  SERIAL_PROTOCOL,
  type SerialMessage,
} from '../../schemas/serial.ts';
import { crypto, filled } from '../vectors/parties.ts';
import { KEY_BYTE, stageOf } from './boards.ts';
import type { Stage } from './stage.ts';

export const KEY = filled(KEY_BYTE);
const ANSWER_MS = 1;

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

export class StagedBoard {
  readonly stage: Stage;
  #id = 0;
  #nonce = 0;

  constructor(stage: Stage) {
    this.stage = stage;
  }

  /** What it said since the last call. Throws at what is no message: a board sends none. */
  heard(): SerialMessage[] {
    const messages: SerialMessage[] = [];
    const decoder = new FrameDecoder(SERIAL_MESSAGE_BYTES_MAX);
    for (const frame of this.stage.sent()) {
      const onMessage = (bytes: Uint8Array): void => {
        const decoded = decodeSerial(bytes);
        if (!decoded.ok) throw new Error(decoded.detail);
        messages.push(decoded.value);
      };
      decoder.push(Buffer.from(frame, 'hex'), onMessage, ({ code }) => {
        throw new Error(code);
      });
    }
    return messages;
  }

  during(ms: number): SerialMessage[] {
    this.stage.pass(ms);
    return this.heard();
  }

  send(message: SerialMessage): void {
    this.stage.host(hexOf(encodeFrame(encodeSerial(message))));
  }

  noise(bytes: string): void {
    this.stage.host(bytes);
  }

  greet(protocol = SERIAL_PROTOCOL): SerialMessage[] {
    this.send({ type: 'hello', protocol, nonce: ++this.#nonce });
    return this.during(ANSWER_MS);
  }

  identity(): Identity {
    return this.greet().find((one): one is Identity => one.type === 'identity' && one.nonce === this.#nonce)!;
  }

  /** The code it is acknowledged with ('done' for 0), and what else was said. */
  ask(message: SerialMessage & { id: number }): { code: string | undefined; said: SerialMessage[] } {
    this.send(message);
    const said = this.during(ANSWER_MS);
    const ack = said.find((one) => one.type === 'ack' && one.id === message.id);
    const code = ack?.type !== 'ack' ? undefined : ack.code === 0 ? 'done' : codeOf(ack.code);
    return { code, said };
  }

  command(channel: number, value: number): string | undefined {
    return this.ask({ type: 'command', id: ++this.#id, channel, value }).code;
  }

  setPeriod(channel: number, periodMs: number): string | undefined {
    return this.ask({ type: 'period', id: ++this.#id, channel, periodMs }).code;
  }

  provision(slot: number, bytes: Uint8Array): string | undefined {
    return this.ask({ type: 'provision', id: ++this.#id, slot, bytes }).code;
  }

  install(it: Installation, key = KEY): string | undefined {
    const mac = installationMac(crypto.sha256, key, it);
    return this.ask({ type: 'install', id: ++this.#id, ...it, mac }).code;
  }

  /** What the meter says to it; 1,024 hashes take as many turns. */
  tick(seq16: number, index: number, x: Uint8Array): MeterState | undefined {
    this.send({ type: 'tick', seq16, index, x });
    return this.meter(this.during(ANSWER_MS));
  }

  meter(said: readonly SerialMessage[]): MeterState | undefined {
    return said.filter((one): one is MeterState => one.type === 'meter').at(-1);
  }
}

export const stagedBoard = async (): Promise<StagedBoard> => new StagedBoard(await stageOf());

export const readings = (messages: readonly SerialMessage[], channel: number): readonly number[] =>
  messages.flatMap((one) => (one.type === 'reading' && one.channel === channel ? [one.mantissa] : []));

export const seqs = (messages: readonly SerialMessage[], channel: number): readonly number[] =>
  messages.flatMap((one) => (one.type === 'reading' && one.channel === channel ? [one.seq] : []));

/** `fault: count` of those told. */
export const faults = (messages: readonly SerialMessage[]): Readonly<Record<number, number>> =>
  Object.fromEntries(messages.flatMap((one) => (one.type === 'fault' ? [[one.fault, one.count]] : [])));
