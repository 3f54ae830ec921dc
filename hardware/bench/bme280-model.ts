/**
 * A Bosch BME280 on the two-wire bus: registers, conversion time and resolution of the real one
 * (datasheet BST-BME280-DS002), measuring a weather that is given to it.
 *
 * The sensor's raw values are found by searching for those that the datasheet's compensation turns into the
 * wanted temperature, pressure and humidity, on the grid that the chosen oversampling allows. So whoever reads it
 * correctly gets the weather back: at oversampling 1 within 0.01 C, 2 Pa and 0.01 %RH.
 */

import type { TwiDevice } from './chip.ts';
import type { Weather } from './weather.ts';

export const BME280_ADDRESS = 0x76;

/** Calibration of the example in the BMP280 datasheet (section 3.12), humidity of a sensor at hand. */
const T1 = 27504;
const T2 = 26435;
const T3 = -1000;
const P = [36477, -10685, 3024, 2855, 140, -7, 15500, -14600, 6000] as const;
const H1 = 75;
const H2 = 370;
const H3 = 0;
const H4 = 313;
const H5 = 50;
const H6 = 30;

const NOT_MEASURED_20 = 0x80000;
const NOT_MEASURED_16 = 0x8000;

const ID = 0xd0;
const RESET = 0xe0;
const CTRL_HUM = 0xf2;
const STATUS = 0xf3;
const CTRL_MEAS = 0xf4;
const DATA = 0xf7;
const CHIP_ID = 0x60;
const RESET_WORD = 0xb6;
const STATUS_MEASURING = 0x08;

export class Bme280Model implements TwiDevice {
  readonly #registers = new Uint8Array(256);
  readonly #measure: () => Weather;
  readonly #nowMs: () => number;
  #pointer = 0;
  #pointerNext = true;
  /** One conversion after the other; else one when it is told to. */
  #isNormal = false;
  #busyUntilMs = 0;

  /** `measure` is asked once per conversion; of those that follow each other by themselves only when one is read. */
  constructor(measure: () => Weather, nowMs: () => number) {
    this.#measure = measure;
    this.#nowMs = nowMs;
    this.#powerOn();
  }

  start(write: boolean): void {
    this.#pointerNext = write;
    // What is read together belongs together (datasheet section 4): nothing changes within it.
    if (!write && this.#isNormal && this.#nowMs() >= this.#busyUntilMs) this.#convert();
  }

  /** The first byte names a register, then value and register take turns (datasheet section 6.2.1). */
  write(byte: number): boolean {
    if (this.#pointerNext) this.#pointer = byte;
    else this.#set(this.#pointer, byte);
    this.#pointerNext = !this.#pointerNext;
    return true;
  }

  read(): number {
    const register = this.#pointer;
    this.#pointer = (this.#pointer + 1) & 255;
    if (register === STATUS) return this.#nowMs() < this.#busyUntilMs ? STATUS_MEASURING : 0;
    return this.#registers[register]!;
  }

  #powerOn(): void {
    const registers = Buffer.from(this.#registers.fill(0).buffer);
    this.#isNormal = false;
    registers[ID] = CHIP_ID;
    registers.writeUInt16LE(T1, 0x88);
    registers.writeInt16LE(T2, 0x8a);
    registers.writeInt16LE(T3, 0x8c);
    registers.writeUInt16LE(P[0], 0x8e);
    for (let i = 1; i < P.length; i++) registers.writeInt16LE(P[i]!, 0x8e + 2 * i);
    registers[0xa1] = H1;
    registers.writeInt16LE(H2, 0xe1);
    registers[0xe3] = H3;
    registers[0xe4] = H4 >> 4;
    registers[0xe5] = (H4 & 15) | ((H5 & 15) << 4);
    registers[0xe6] = H5 >> 4;
    registers[0xe7] = H6;
    this.#store(NOT_MEASURED_20, NOT_MEASURED_20, NOT_MEASURED_16);
  }

  #set(register: number, byte: number): void {
    if (register === RESET && byte === RESET_WORD) this.#powerOn();
    if (register !== CTRL_HUM && register !== CTRL_MEAS) return;
    this.#registers[register] = byte;
    if (register !== CTRL_MEAS) return;
    this.#isNormal = (byte & 3) === 3;
    if (byte & 3) this.#convert();
    if (!this.#isNormal) this.#registers[CTRL_MEAS] = byte & 0xfc; // asleep again
  }

  #convert(): void {
    const control = this.#registers[CTRL_MEAS]!;
    const timesT = oversampling(control >> 5);
    const timesP = oversampling((control >> 2) & 7);
    const timesH = oversampling(this.#registers[CTRL_HUM]! & 7);
    const weather = this.#measure();
    const rawT = timesT > 0 ? rawTemperature(weather.temperatureCentiC, timesT) : NOT_MEASURED_20;
    const fine = fineTemperature(rawT);
    const rawP =
      timesP > 0 && weather.pressurePa !== undefined
        ? rawPressure(weather.pressurePa, fine, timesP)
        : NOT_MEASURED_20;
    const rawH =
      timesH > 0 && weather.humidityCentiRh !== undefined
        ? rawHumidity(weather.humidityCentiRh, fine)
        : NOT_MEASURED_16;
    this.#store(rawP, rawT, rawH);
    this.#busyUntilMs = this.#nowMs() + conversionMs(timesT, timesP, timesH);
  }

  #store(rawP: number, rawT: number, rawH: number): void {
    const bytes = [rawP >> 12, rawP >> 4, rawP << 4, rawT >> 12, rawT >> 4, rawT << 4, rawH >> 8, rawH];
    this.#registers.set(bytes, DATA);
  }
}

const oversampling = (bits: number): number => (bits === 0 ? 0 : 2 ** Math.min(bits - 1, 4));

/** Typical time (datasheet section 9.1). */
const conversionMs = (timesT: number, timesP: number, timesH: number): number =>
  1 + 2 * timesT + (timesP > 0 ? 2 * timesP + 0.5 : 0) + (timesH > 0 ? 2 * timesH + 0.5 : 0);

/** 16 bits at oversampling 1, one more per doubling, 20 at 16 (datasheet section 3.4). */
const step = (times: number): number => 16 / times;

/**
 * The raw value on the grid whose compensated value is closest to `wanted`; `compensate` rises with raw,
 * or falls where `rising` is false.
 */
const search = (
  wanted: number,
  grid: number,
  steps: number,
  rising: boolean,
  compensate: (raw: number) => number,
): number => {
  const value = (index: number): number => compensate(index * grid);
  let low = 0;
  let high = steps - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rising ? value(middle) < wanted : value(middle) > wanted) low = middle + 1;
    else high = middle;
  }
  const before = Math.max(low - 1, 0);
  return grid * (Math.abs(value(before) - wanted) < Math.abs(value(low) - wanted) ? before : low);
};

const rawTemperature = (centiC: number, times: number): number =>
  search(centiC, step(times), 65536 * times, true, (raw) => (fineTemperature(raw) * 5 + 128) >> 8);

const rawPressure = (pa: number, fine: number, times: number): number =>
  search(pa, step(times), 65536 * times, false, (raw) => pressure(raw, fine));

const rawHumidity = (centiRh: number, fine: number): number =>
  search(centiRh, 1, 65536, true, (raw) => humidity(raw, fine));

const fineTemperature = (raw: number): number => {
  const linear = (((raw >> 3) - (T1 << 1)) * T2) >> 11;
  const offset = (raw >> 4) - T1;
  return linear + ((((offset * offset) >> 12) * T3) >> 14);
};

/** Pa, in the double-precision form of the datasheet (section 8.1), so that the firmware's integers are checked by it. */
const pressure = (raw: number, fine: number): number => {
  let a = fine / 2 - 64000;
  let b = (a * a * P[5]) / 32768 + a * P[4] * 2;
  b = b / 4 + P[3] * 65536;
  a = (1 + ((P[2] * a * a) / 524288 + P[1] * a) / 524288 / 32768) * P[0];
  const p = ((1048576 - raw - b / 4096) * 6250) / a;
  return p + ((P[8] * p * p) / 2147483648 + (p * P[7]) / 32768 + P[6]) / 16;
};

/** 0.01 %RH, double precision as well. */
const humidity = (raw: number, fine: number): number => {
  const x = fine - 76800;
  const h =
    (raw - (H4 * 64 + (H5 / 16384) * x)) *
    ((H2 / 65536) * (1 + (H6 / 67108864) * x * (1 + (H3 / 67108864) * x)));
  return 100 * Math.min(Math.max(h * (1 - (H1 * h) / 524288), 0), 100);
};
