/** Devices of each driver with a plug to pull: their readings rise, so that one that is sold twice or late shows. */

import { openPty, type Pty } from '../../hardware/bench/pty.ts';
import { withChecksum } from '../firmware-bridge/lines/heard.ts';
import { ScriptedBoard } from '../firmware-bridge/scripted-board.ts';
import { HomeBroker } from '../firmware-bridge/topic/home-broker.ts';
import type { Running } from './program.ts';
import type { Trade } from './trade.ts';

/** The end of a serial line that is not the agent's. */
export const plugAt = async (link: string, onData: (bytes: Uint8Array) => void = () => {}): Promise<Pty> => {
  const pty = await openPty({ link, onData, onClose: () => {} });
  if (!pty.ok) throw new Error(pty.detail);
  return pty.value;
};

export interface Instrument {
  /** As it stands under `devices`. */
  readonly config: string;
  readonly sensor: string;
  plug(): Promise<void>;
  unplug(): Promise<void>;
  measure(): void;
}

/** A board of ours that was reset whenever it is plugged in. */
export class Thermometer extends ScriptedBoard implements Instrument {
  readonly config: string;
  readonly sensor = 'temperature';
  readonly #link: string;
  #pty: Pty | undefined;
  #seq = 0;
  #hundredths = 0;

  constructor(trade: Trade, name = 'board') {
    super();
    this.#link = trade.path(`${name}.tty`);
    this.config = `{ driver: frames, name: ${name}, path: '${this.#link}' }`;
    const measured = { channel: 0, name: this.sensor, kind: 'temperature', unit: 'Cel', exponent: -2 };
    this.capabilities = [{ ...measured, direction: 'sensor', periodMs: 10 }];
  }

  async plug(): Promise<void> {
    const pty = await plugAt(this.#link, this.receive);
    this.#pty = pty;
    this.#seq = 0;
    this.open((bytes) => void pty.write(bytes));
  }

  async unplug(): Promise<void> {
    this.close();
    this.#pty?.close();
  }

  measure(): void {
    this.reading(this.#seq++, ++this.#hundredths);
  }
}

/** Prints sentences, and half of one when its plug is pulled. */
export class TextInstrument implements Instrument {
  readonly config: string;
  readonly sensor = 'water-temperature';
  readonly #link: string;
  #pty: Pty | undefined;
  #hundredths = 0;

  constructor(trade: Trade, name = 'mast') {
    this.#link = trade.path(`${name}.tty`);
    this.config = `{ driver: lines, name: ${name}, path: '${this.#link}', text: { format: nmea } }`;
  }

  async plug(): Promise<void> {
    this.#pty = await plugAt(this.#link);
  }

  async unplug(): Promise<void> {
    this.say('$INMTW,9');
    this.#pty?.close();
    this.#pty = undefined;
  }

  measure(): void {
    this.say(`${withChecksum(`INMTW,${(++this.#hundredths / 100).toFixed(2)},C`)}\r\n`);
  }

  say(text: string | Uint8Array): void {
    this.#pty?.write(Buffer.from(text as string));
  }
}

/** On a broker at home that keeps the newest value. */
export class HomeThermometer implements Instrument {
  readonly broker = new HomeBroker();
  readonly sensor = 'temperature';
  #hundredths = 0;

  get config(): string {
    const sensor = `{ name: ${this.sensor}, kind: temperature, unit: '°C', topic: shed/+, pointer: /t }`;
    return `{ driver: topic, name: shed, broker: { url: '${this.broker.url}' }, topics: { sensors: [${sensor}] } }`;
  }

  async plug(): Promise<void> {
    await this.broker.open();
    this.say('shed/climate', this.#payload());
  }

  unplug(): Promise<void> {
    return this.broker.close();
  }

  measure(): void {
    this.#hundredths++;
    this.say('shed/climate', this.#payload());
  }

  say(topic: string, payload: string | Buffer): void {
    void this.broker.publish(topic, payload, true).catch(() => {}); // it is unplugged
  }

  #payload(): string {
    return `{"t":${(this.#hundredths / 100).toFixed(2)}}`;
  }
}

/** An emulated Uno with a TMP36, in a process of its own; its weather stays what it is for an hour. */
export class Uno implements Instrument {
  readonly config: string;
  readonly sensor = 'outdoor';
  readonly #trade: Trade;
  readonly #link: string;
  #running: Running | undefined;

  constructor(trade: Trade) {
    this.#trade = trade;
    this.#link = trade.path('uno.tty');
    const part = `name: ${this.sensor}, kind: temperature, class: Thermometer, periodMs: 20`;
    const options = '{ pin: A0, controller: TMP36 }';
    this.config = `{ driver: firmata, name: uno, path: '${this.#link}', sensors: [{ ${part}, options: ${options} }] }`;
  }

  async plug(): Promise<void> {
    this.#running = this.#trade.start('emulate', '--board', 'firmata', '--link', this.#link);
    await this.#running.said(/"ready"/);
  }

  async unplug(): Promise<void> {
    await this.#running?.end('SIGKILL');
  }

  measure(): void {}
}
