/** A board that pays, compiled for this machine: a script of what happens to it, and what it said to each step. */

import { concatBytes, fromHex, toHex, writeU32 } from '../../schemas/bytes.ts';
import { crc32 } from '../../schemas/crc32.ts';
import { encodeFrame, FrameDecoder } from '../../schemas/frame.ts';
import {
  decodeSerial,
  encodeSerial,
  SERIAL_MESSAGE_BYTES_MAX,
  type SerialMessage,
} from '../../schemas/serial.ts';
import { buildCoreHost, type CoreHost } from './core-host.ts';

/** hardware/core/storage.h */
export const SECRET_AT = 44;
const COUNTER_AT = 216;
const COUNTER_PLACES = 5;
/** Every byte of a counter at 4 ms, and the MAC behind it. */
export const STORE_TURNS = 60;

const sealed = (bytes: Uint8Array): Uint8Array => {
  const crc = new Uint8Array(4);
  writeU32(crc, 0, crc32(bytes, bytes.length));
  return concatBytes([bytes, crc]);
};

/** The EEPROM of a board that has a secret and has made `counter` chains, the last of which are still there. */
export const payerMemory = (secret: Uint8Array, counter: number): Uint8Array => {
  const memory = new Uint8Array(COUNTER_AT + COUNTER_PLACES * 8).fill(0xff);
  memory.set(sealed(secret), SECRET_AT);
  for (let n = Math.max(1, counter - COUNTER_PLACES + 1); n <= counter; n++) {
    const bytes = new Uint8Array(4);
    writeU32(bytes, 0, 2 ** 32 - 1 - n); // payer.h
    memory.set(sealed(bytes), COUNTER_AT + (n % COUNTER_PLACES) * 8);
  }
  return memory;
};

export const buildPayerHost = (): CoreHost | undefined =>
  buildCoreHost(
    'payer-host.c',
    [
      'cbor',
      'crc32',
      'frame',
      'hmac',
      'link',
      'message',
      'payer',
      'pebbles',
      'provision',
      'sha256',
      'storage',
      'tick',
    ].map((name) => `${name}.c`),
  );

const messagesOf = (answer: string): SerialMessage[] => {
  const messages: SerialMessage[] = [];
  const decoder = new FrameDecoder(SERIAL_MESSAGE_BYTES_MAX);
  decoder.push(
    fromHex(answer.replace('.', ''))!,
    (bytes) => {
      const message = decodeSerial(bytes);
      if (!message.ok) throw new Error(`the board sent ${message.detail}`);
      messages.push(message.value);
    },
    () => {
      throw new Error('the board sent noise');
    },
  );
  return messages;
};

/** Steps are written down first and played in one run of the program: a process per step would take minutes. */
export class Script {
  readonly #lines: string[] = [];

  power(memory: Uint8Array): this {
    this.#lines.push(`power 0 ${toHex(memory)}`);
    return this;
  }

  reset(): this {
    this.#lines.push('reset');
    return this;
  }

  /** At the `nth` byte written from now the power fails and leaves `byte` there. */
  cut(nth: number, byte: number): this {
    this.#lines.push(`cut ${nth} ${byte}`);
    return this;
  }

  send(message: SerialMessage | Uint8Array): this {
    const bytes = message instanceof Uint8Array ? message : encodeSerial(message);
    this.#lines.push(`send ${toHex(encodeFrame(bytes))}`);
    return this;
  }

  turn(turns: number): this {
    this.#lines.push(`turn ${turns}`);
    return this;
  }

  /** What the board said in each step that let time pass. */
  play(host: CoreHost): SerialMessage[][] {
    const answers = host.ask(this.#lines);
    return answers.filter((_, step) => this.#lines[step]!.startsWith('turn')).map(messagesOf);
  }
}
