import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatFor } from '../../../firmware-bridge/lines/formats.ts';
import { good, hear } from './heard.ts';

const station = good(formatFor({ format: 'ultimeter' }));
const heard = (line: string) => hear(station, line);
const LOGGED = '!!000000BE02EB000027700000023A023A0025005800000000';

const ultimeter = suite('format ultimeter');

ultimeter('reads the data logger', () =>
  assert.equal(heard(LOGGED), {
    values: [
      ...[
        'wind-speed 0e-3 m/s',
        'wind-direction 26719e-2 deg',
        'air-temperature 2372e-2 Cel',
        'rain-total 0e-6 m',
      ],
      ...['barometric-pressure 100960e0 Pa', 'indoor-temperature -1778e-2 Cel', 'humidity 5700e-2 %RH'],
      ...['indoor-humidity 5700e-2 %RH', 'rain-today 0e-6 m', 'wind-speed-average 0e-3 m/s'],
    ],
    refused: [],
    damage: '',
  }),
);

ultimeter('reads the same among other modes, and stations that leave the end out', () => {
  assert.equal(heard(LOGGED.replace('!!', '||')).values, heard(LOGGED).values);
  assert.equal(heard(LOGGED.slice(0, -4)).values, heard(LOGGED).values.slice(0, -1));
  assert.equal(heard(LOGGED.slice(0, -8)).values, heard(LOGGED).values.slice(0, -2));
});

ultimeter('reads a packet', () =>
  assert.equal(heard('$ULTW005600B501F9000027DFFFFCC64E000102610040042900000041').values, [
    ...['wind-speed-peak 2389e-3 m/s', 'wind-direction-peak 25453e-2 deg', 'air-temperature 1028e-2 Cel'],
    ...['rain-total 0e-6 m', 'barometric-pressure 102070e0 Pa', 'humidity 6090e-2 %RH', 'rain-today 0e-6 m'],
    'wind-speed-average 1806e-3 m/s',
  ]),
);

ultimeter('reads the complete record', () => {
  const now = '003200400064FF80FEC0FF3800052768----C64E000102BC025801F4FF9C';
  const record = `&CR&${now.padEnd(428, '0')}0064${'0'.repeat(16)}001E`;
  assert.equal(heard(record).values, [
    ...['wind-speed 1389e-3 m/s', 'wind-direction 9000e-2 deg', 'wind-speed-peak 2778e-3 m/s'],
    ...['wind-direction-peak 18000e-2 deg', 'wind-chill -3556e-2 Cel', 'air-temperature -2889e-2 Cel'],
    ...['rain-today 1270e-6 m', 'barometric-pressure 100880e0 Pa', 'indoor-temperature 2111e-2 Cel'],
    ...[
      'humidity 6000e-2 %RH',
      'indoor-humidity 5000e-2 %RH',
      'dew-point -2333e-2 Cel',
      'rain-total 25400e-6 m',
    ],
    'wind-speed-average 833e-3 m/s',
  ]);
});

ultimeter('reads an Ultimeter II, in km/h and in mph', () => {
  assert.equal(heard('#50B7500820082').values, [
    ...['wind-direction 11250e-2 deg', 'wind-speed 3056e-3 m/s', 'air-temperature 1611e-2 Cel'],
    'rain-total 33020e-6 m',
  ]);
  assert.is(heard('*50B7500820082').values[1], 'wind-speed 4917e-3 m/s');
});

ultimeter('takes the rain gauge as it is set', () => {
  const metric = good(formatFor({ format: 'ultimeter', rain: '0.1mm' }));
  assert.is(hear(metric, LOGGED.replace('02EB0000', '02EB0064')).values[3], 'rain-total 10000e-6 m');
});

ultimeter('leaves out a sensor that is not installed', () => {
  const { values, refused } = heard(LOGGED.replace('02EB', '----'));
  assert.is(values.length, 9);
  assert.equal(refused, []);
  assert.match(heard(`!!${'-'.repeat(48)}`).refused.join(), /it has no value/);
  assert.match(
    heard(LOGGED.replace('02EB', '0-EB')).refused.join(),
    /air-temperature is "0-EB", which is no number/,
  );
});

ultimeter('takes another header, another length and other digits for noise', () => {
  assert.match(heard('@@0000').damage, /begins with one of !! \|\| \$ULTW &CR& # \*, not "@@0000"/);
  assert.match(heard(LOGGED.slice(0, -1)).damage, /!! is followed by 40 or 44 or 48 hexadecimal digits/);
  assert.match(heard(LOGGED.replace('B', 'G')).damage, /hexadecimal digits/);
});

ultimeter('does not throw at any text', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('', '!!', '||', '$ULTW', '&CR&', '#', '*'),
      fc.string({ maxLength: 60 }),
      (a, b) => {
        heard(a + b);
      },
    ),
    { numRuns: 1000 },
  );
});

ultimeter.run();
