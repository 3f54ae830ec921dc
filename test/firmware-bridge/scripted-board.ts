/** The board's end of a port, as a test wants it: answers as a valve does, unless told otherwise. */

import type { Peer } from '../../hardware/bench/binding.ts';
import { encodeFrame, FrameDecoder } from '../../schemas/frame.ts';
import {
  type Capability,
  decodeSerial,
  encodeSerial,
  type Identity,
  SERIAL_MESSAGE_BYTES_MAX,
  SERIAL_PROTOCOL,
  type SerialMessage,
} from '../../schemas/serial.ts';

export const VALVE: Capability = {
  ...{ channel: 0, name: 'valve', kind: 'valve', unit: '/', exponent: 0 },
  ...{ direction: 'actuator', periodMs: 1000 },
};

export class ScriptedBoard implements Peer {
  readonly heard: SerialMessage[] = [];
  capabilities: Capability[] = [VALVE];
  serial = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]);
  opened = 0;
  /** What it answers; undefined: nothing. */
  answer: (message: SerialMessage) => SerialMessage | undefined = (message) => this.usual(message);
  #send: (bytes: Uint8Array) => void = () => {};
  #decoder = new FrameDecoder(SERIAL_MESSAGE_BYTES_MAX);
  #waiting: (() => void)[] = [];

  readonly open = (send: (bytes: Uint8Array) => void): void => {
    this.opened++;
    this.#send = send;
    this.#decoder = new FrameDecoder(SERIAL_MESSAGE_BYTES_MAX);
    this.#wake();
  };

  readonly close = (): void => {
    this.#send = () => {};
  };

  readonly receive = (bytes: Uint8Array): void =>
    this.#decoder.push(
      bytes,
      (encoded) => {
        const decoded = decodeSerial(encoded);
        if (!decoded.ok) throw new Error(`the host sent ${decoded.detail}`);
        this.heard.push(decoded.value);
        const answer = this.answer(decoded.value);
        if (answer !== undefined) this.say(answer);
        this.#wake();
      },
      (noise) => {
        throw new Error(`the host sent ${noise.code}`);
      },
    );

  usual(message: SerialMessage): SerialMessage | undefined {
    if (message.type === 'hello') return this.identity(message.nonce);
    if (message.type === 'command' || message.type === 'period')
      return { type: 'ack', id: message.id, code: 0 };
    return undefined;
  }

  identity(nonce: number): Identity {
    const { capabilities, serial } = this;
    return {
      ...{ type: 'identity', protocol: SERIAL_PROTOCOL, nonce, board: 'scripted', firmware: '1' },
      ...{ serial, capabilities, roles: 0 },
    };
  }

  say(message: SerialMessage): void {
    this.sendBytes(encodeFrame(encodeSerial(message)));
  }

  reading(seq: number, mantissa: number, channel = 0): void {
    this.say({ type: 'reading', channel, seq, mantissa });
  }

  sendBytes(bytes: Uint8Array): void {
    this.#send(bytes);
  }

  heardOf(type: SerialMessage['type']): SerialMessage[] {
    return this.heard.filter((message) => message.type === type);
  }

  /** Resolves when the condition holds, looked at whenever something arrives. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
