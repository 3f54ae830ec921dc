/** The example of a board's own program, with the pins and the sensor that it names. */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FOLDER } from '../../hardware/espruino/build.ts';
import { crc32 } from '../../schemas/crc32.ts';
import { encodeFrame, FrameDecoder } from '../../schemas/frame.ts';
import {
  decodeSerial,
  encodeSerial,
  type Identity,
  SERIAL_MESSAGE_BYTES_MAX,
  SERIAL_PROTOCOL,
  type SerialMessage,
} from '../../schemas/serial.ts';
import { bareContext } from './engines.ts';
import { gate } from './gate.ts';

const EXAMPLE = readFileSync(`${FOLDER}board.js`, 'utf8');
const MODULE = readFileSync(`${FOLDER}tollbridge.min.js`, 'utf8');

/** A Pico with everything connected. */
class Pico {
  readonly pins: unknown[] = [];
  celsius: number | null = 20.254;
  #level = 0;
  #take = (_: string): void => {};
  readonly #decoder = new FrameDecoder(SERIAL_MESSAGE_BYTES_MAX);
  readonly #heard: SerialMessage[] = [];

  constructor() {
    const modules: Record<string, object> = {
      tollbridge: {},
      crypto: { SHA256: (bytes: Uint8Array) => createHash('sha256').update(bytes).digest() },
      DS18B20: {
        connect: () => ({ getTemp: (done: (celsius: number | null) => void) => done(this.celsius) }),
      },
    };
    const context = bareContext({
      require: (name: string) => modules[name],
      exports: modules.tollbridge,
      getSerial: () => 'e660d051-13583d2c',
      getTime: () => 1000,
      setTimeout: () => 1,
      clearTimeout: () => {},
      E: {
        toUint8Array: (text: string) => Buffer.from(text, 'latin1'),
        CRC32: (bytes: Uint8Array) => crc32(bytes, bytes.length),
      },
      Serial1: {
        setup: (_: number, pins: object) => this.pins.push({ ...pins }),
        on: (_: string, take: (text: string) => void) => {
          this.#take = take;
        },
        write: (bytes: Uint8Array) => this.#read(bytes),
      },
      OneWire: class {},
      ...{ D0: 'D0', D1: 'D1', D14: 'D14', D15: 'D15', D26: 'D26' },
      analogRead: () => 0.5,
      digitalRead: () => this.#level,
      digitalWrite: (_: string, level: number) => {
        this.#level = level;
      },
    });
    context.run(MODULE);
    context.run(EXAMPLE);
  }

  send(message: SerialMessage): SerialMessage[] {
    this.#take(Buffer.from(encodeFrame(encodeSerial(message))).toString('latin1'));
    return this.#heard.splice(0);
  }

  #read(bytes: Uint8Array): void {
    const onMessage = (message: Uint8Array): void => {
      const decoded = decodeSerial(message);
      if (!decoded.ok) throw new Error(decoded.detail);
      this.#heard.push(decoded.value);
    };
    this.#decoder.push(Buffer.from(bytes), onMessage, ({ code }) => {
      throw new Error(code);
    });
  }
}

const example = suite('board.js');

example('is a program that Espruino runs', () => {
  const strange = gate(EXAMPLE).filter(({ rule }) => rule !== 'global' && rule !== 'module');
  assert.equal(strange, []);
});

example('announces two sensors and a valve in units that there are', () => {
  const pico = new Pico();
  const said = pico.send({ type: 'hello', protocol: SERIAL_PROTOCOL, nonce: 7 });
  const identity = said.find((one): one is Identity => one.type === 'identity' && one.nonce === 7)!;
  assert.equal(
    identity.capabilities.map((one) => [one.name, one.unit, one.exponent, one.direction]),
    [
      ['air', 'Cel', -2, 'sensor'],
      ['soil', '/', -3, 'sensor'],
      ['valve', '/', 0, 'actuator'],
    ],
  );
  assert.equal(pico.pins, [{ tx: 'D0', rx: 'D1' }]);
});

example('opens its valve, and nothing else that is asked of it', () => {
  const pico = new Pico();
  pico.send({ type: 'hello', protocol: SERIAL_PROTOCOL, nonce: 7 });
  const opened = pico.send({ type: 'command', id: 1, channel: 2, value: 1 });
  assert.equal(opened.slice(0, 2), [
    { type: 'ack', id: 1, code: 0 },
    { type: 'reading', channel: 2, seq: 0, mantissa: 1 },
  ]);
  assert.equal(pico.send({ type: 'command', id: 2, channel: 2, value: 7 })[0], {
    type: 'ack',
    id: 2,
    code: 25,
  });
});

example.run();
