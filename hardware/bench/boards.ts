/** The boards that run our firmware on the bench: what is soldered to which pin. */

import { BME280_ADDRESS, Bme280Model } from './bme280-model.ts';
import { Chip, type TwiBus, type TwiDevice } from './chip.ts';
import type { Level, PinName } from './chip-pins.ts';
import type { Weather } from './weather.ts';

export type Wiring = {
  readonly program: Uint16Array;
  /** 8 bytes in the EEPROM, which the board tells in its identity. */
  readonly serial: Uint8Array;
  readonly onSend: (byte: number) => void;
};

export type PinWiring = { readonly onPin: (pin: PinName, level: Level) => void };

export type StationWiring = Wiring & {
  readonly weather: readonly Weather[];
  /** Conversions per sample: 1 lets an hour of the record pass with each measurement. */
  readonly hold: number;
};

/** A BME280 on the two-wire bus and an anemometer at ADC 0. */
export const buildStation = (wiring: StationWiring): Chip => {
  let conversions = 0;
  const now = (): Weather => {
    const index = Math.floor(Math.max(conversions - 1, 0) / wiring.hold) % wiring.weather.length;
    return wiring.weather[index]!;
  };
  const measure = (): Weather => {
    conversions++;
    return now();
  };
  const sensor = new Bme280Model(measure, () => chip.nowMs);
  const chip: Chip = new Chip({
    program: wiring.program,
    eeprom: wiring.serial,
    twi: new Map([[BME280_ADDRESS, sensor]]),
    analog: (input) => (input === 0 ? anemometerVolts(now().windDeciMs) : 0),
    onSend: wiring.onSend,
  });
  return chip;
};

/** A valve's driver at PB0. */
export const buildValve = (wiring: Wiring & PinWiring): Chip =>
  new Chip({ program: wiring.program, eeprom: wiring.serial, onSend: wiring.onSend, onPin: wiring.onPin });

export type FirmataWiring = Omit<Wiring, 'serial'> &
  PinWiring & {
    readonly analog: (input: number) => number;
    /** What a BME280 on the two-wire bus measures; undefined while there is none. */
    readonly weather?: () => Weather | undefined;
    /** What else is on the bus, by its address. */
    readonly twi?: TwiBus;
  };

/** An Arduino Uno whose program is told over the line what its pins do. `chip.drive` is what is wired to them. */
export const buildFirmata = ({ weather, ...wiring }: FirmataWiring): Chip => {
  const sensor = new Bme280Model(
    () => weather!()!,
    () => chip.nowMs,
  );
  const get = (address: number): TwiDevice | undefined =>
    address === BME280_ADDRESS && weather?.() !== undefined ? sensor : wiring.twi?.get(address);
  const chip: Chip = new Chip({ ...wiring, twi: { get } });
  return chip;
};

/** The same with a TMP36 at A0 and a BME280, which show the next sample every `hold` seconds. */
export const buildThermometer = (wiring: Omit<StationWiring, 'serial'> & PinWiring): Chip => {
  const { weather: samples, hold, ...others } = wiring;
  const weather = (): Weather => samples[Math.floor(chip.nowMs / 1000 / hold) % samples.length]!;
  const analog = (input: number): number => (input === 0 ? tmp36Volts(weather().temperatureCentiC) : 0);
  const chip: Chip = buildFirmata({ ...others, weather, analog });
  return chip;
};

/** 10 mV a degree, 0.5 V at 0 degrees (datasheet table 1). */
export const tmp36Volts = (centiC: number): number => 0.5 + centiC / 10_000;

/**
 * 0.4 V when calm, 2.0 V at 32.4 m/s, 0 V when absent. A 10-bit converter at 5 V steps by 0.099 m/s, so each
 * tenth has a step of its own; the volts are those in its middle.
 */
const anemometerVolts = (deciMs: number | undefined): number => {
  if (deciMs === undefined) return 0;
  const raw = Math.round((deciMs * 2048) / 81 / 25 + 2048 / 25);
  return ((raw + 0.5) * 5) / 1024;
};
