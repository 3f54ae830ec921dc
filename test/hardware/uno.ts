/** An Uno with our Firmata firmware, whose time is the test's. */

import { buildFirmata } from '../../hardware/bench/boards.ts';
import type { Chip, TwiBus } from '../../hardware/bench/chip.ts';
import type { Level, PinName } from '../../hardware/bench/chip-pins.ts';
import type { Weather } from '../../hardware/bench/weather.ts';
import { programOf } from './board.ts';

/** A byte takes 0.175 ms, the longest answer 33 ms. */
const ANSWER_MS = 60;
const CYCLES_PER_US = 16;

export type Edge = { readonly pin: PinName; readonly level: Level; readonly cycles: number };

export class Uno {
  readonly chip: Chip;
  readonly edges: Edge[] = [];
  readonly volts = [0, 0, 0, 0, 0, 0];
  /** Of the BME280 on its two-wire bus; undefined while that is unplugged. */
  weather: Weather | undefined = {
    ...{ temperatureCentiC: 2150, pressurePa: 101_300, humidityCentiRh: 4500, windDeciMs: 0 },
  };
  #said: number[] = [];

  /** `twi`: what else is on the bus. */
  constructor(onSend: (byte: number) => void = () => {}, twi: TwiBus = new Map()) {
    this.chip = buildFirmata({
      program: programOf('firmata'),
      twi,
      weather: () => this.weather,
      analog: (input) => this.volts[input] ?? 0,
      onSend: (byte) => {
        this.#said.push(byte);
        onSend(byte);
      },
      onPin: (pin, level) => this.edges.push({ pin, level, cycles: this.chip.cycles }),
    });
  }

  boot(): this {
    this.ask([], 100);
    return this;
  }

  /** What the board says within `ms` of the bytes, in hexadecimal. */
  ask(bytes: readonly number[], ms = ANSWER_MS): string {
    this.#said = [];
    this.chip.receive(Uint8Array.from(bytes));
    this.chip.runMs(ms);
    return Buffer.from(this.#said).toString('hex');
  }

  /** Changes of a pin so far, as levels. */
  levels(pin: PinName): Level[] {
    return this.edges.filter((edge) => edge.pin === pin).map(({ level }) => level);
  }

  /** Widths of the whole pulses of a pin in microseconds, and the times from one to the next. */
  pulses(pin: PinName): { readonly widths: number[]; readonly periods: number[] } {
    const edges = this.edges.filter((edge) => edge.pin === pin);
    const rises = edges.filter(({ level }) => level === 1).map(({ cycles }) => cycles);
    const widths: number[] = [];
    for (const rise of rises) {
      const fall = edges.find(({ level, cycles }) => level === 0 && cycles > rise);
      if (fall !== undefined) widths.push((fall.cycles - rise) / CYCLES_PER_US);
    }
    const periods = rises.slice(1).map((rise, i) => (rise - rises[i]!) / CYCLES_PER_US);
    return { widths, periods };
  }
}
