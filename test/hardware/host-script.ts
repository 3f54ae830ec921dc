/** What happens to a board on this machine (host-board.h), step by step, and what it said to each step. */

import { concatBytes, fromHex, toHex, writeU32 } from '../../schemas/bytes.ts';
import { crc32 } from '../../schemas/crc32.ts';
import { encodeFrame, FrameDecoder } from '../../schemas/frame.ts';
import {
  decodeSerial,
  encodeSerial,
  SERIAL_MESSAGE_BYTES_MAX,
  SERIAL_PROTOCOL,
  type SerialMessage,
} from '../../schemas/serial.ts';
import type { CoreHost } from './core-host.ts';

/** What a power cut leaves of the byte that was being written (host-board.h). */
export const AS_WRITTEN = 256;
export const AS_BEFORE = 257;

/** As hardware/core/storage.h seals what must be whole. */
export const sealed = (bytes: Uint8Array): Uint8Array => {
  const crc = new Uint8Array(4);
  writeU32(crc, 0, crc32(bytes, bytes.length));
  return concatBytes([bytes, crc]);
};

const messagesOf = (answer: string): SerialMessage[] => {
  const messages: SerialMessage[] = [];
  const onMessage = (bytes: Uint8Array): void => {
    const message = decodeSerial(bytes);
    if (!message.ok) throw new Error(`the board sent ${message.detail}`);
    messages.push(message.value);
  };
  new FrameDecoder(SERIAL_MESSAGE_BYTES_MAX).push(fromHex(answer.replace('.', ''))!, onMessage, () => {
    throw new Error('the board sent noise');
  });
  return messages;
};

/** Steps are written down first and played in one run of the program: a process per step would take minutes. */
export class HostScript {
  readonly #lines: string[] = [];
  #nonce = 0;

  /** A memory that is erased but for `bytes` at `address`; the board starts. */
  power(address: number, bytes: Uint8Array): this {
    this.#lines.push(`power ${address} ${toHex(bytes)}`);
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

  hello(): this {
    this.#nonce++;
    return this.send({ type: 'hello', protocol: SERIAL_PROTOCOL, nonce: this.#nonce });
  }

  turn(turns: number): this {
    this.#lines.push(`turn ${turns}`);
    return this;
  }

  /** What the board said in each step that let time pass. */
  play(host: CoreHost): SerialMessage[][] {
    return HostScript.playAll(host, [this])[0]!;
  }

  /** Each script from its `power` on. */
  static playAll(host: CoreHost, scripts: readonly HostScript[]): SerialMessage[][][] {
    const answers = host.ask(scripts.flatMap((script) => script.#lines));
    let at = 0;
    return scripts.map((script) => {
      const own = answers.slice(at, at + script.#lines.length);
      at += script.#lines.length;
      return own.filter((_, step) => script.#lines[step]!.startsWith('turn')).map(messagesOf);
    });
  }

  /** How many bytes the board wrote. */
  countWrites(host: CoreHost): number {
    return Number.parseInt(host.ask([...this.#lines, 'writes']).at(-1)!, 10);
  }
}
