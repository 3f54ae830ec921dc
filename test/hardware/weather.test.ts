import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readWeather } from '../../hardware/bench/weather.ts';

const folder = mkdtempSync(join(tmpdir(), 'weather-'));
const file = join(folder, 'series.csv');

const series = (text: string) => {
  writeFileSync(file, text);
  return readWeather(file);
};

const weather = suite('readWeather');

weather.after(() => rmSync(folder, { recursive: true }));

weather('reads the year of Seattle', () => {
  const year = readWeather('seattle');
  assert.ok(year.ok);
  assert.is(year.value.length, 8759);
  assert.equal(year.value[0], {
    temperatureCentiC: 400,
    pressurePa: 101_660,
    humidityCentiRh: undefined,
    windDeciMs: 38,
  });
});

weather('reads one station of the New York record, in our units, with its holes', () => {
  const header = 'origin,year,temp,dewp,humid,wind_dir,wind_speed,wind_gust,precip,pressure,visib,time_hour';
  const rows = [
    'EWR,2013,39.02,26.06,59.37,270,10.35702,NA,0,1012,10,2013-01-01T06:00:00Z',
    'EWR,2013,NA,26.96,61.63,250,8.05546,NA,0,1012.3,10,2013-01-01T07:00:00Z',
    'EWR,2013,32,26.96,NA,250,NA,NA,0,NA,10,2013-01-01T08:00:00Z',
    'JFK,2013,50,26.96,61.63,250,8.05546,NA,0,1012.3,10,2013-01-01T07:00:00Z',
  ];
  const read = series([header, ...rows].join('\n'));
  assert.ok(read.ok);
  assert.equal(read.value, [
    { temperatureCentiC: 390, pressurePa: 101_200, humidityCentiRh: 5937, windDeciMs: 46 },
    { temperatureCentiC: 0, pressurePa: undefined, humidityCentiRh: undefined, windDeciMs: undefined },
  ]);
});

weather('names file and line of what is no number', () => {
  const read = series('date,pressure,temperature,wind\n2010,1016.6,4.0,3.8\n2010,high,3.9,3.8\n');
  assert.is(read.ok ? '' : read.code, 'config-invalid');
  assert.match(read.ok ? '' : read.detail, /series\.csv line 3/);
});

weather('refuses what is no series', () => {
  for (const read of [
    series('a,b\n1,2\n'),
    series('date,pressure,temperature,wind\n'),
    readWeather('/nowhere.csv'),
  ]) {
    assert.is(read.ok ? '' : read.code, 'config-invalid');
  }
});

weather.run();
