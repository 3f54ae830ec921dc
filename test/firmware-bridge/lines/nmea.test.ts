import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatFor } from '../../../firmware-bridge/lines/formats.ts';
import { good, hear, mapping, withChecksum } from './heard.ts';

const plain = good(formatFor({ format: 'nmea' }));
const heard = (line: string) => hear(plain, line);

/** Bodies of sentences, and what each tells. */
const TOLD: readonly (readonly [body: string, values: readonly string[]])[] = [
  [
    'WIMDA,29.4473,I,0.9972,B,17.2,C,,,,,,,,,,,,,,',
    ['barometric-pressure 99720e0 Pa', 'air-temperature 1720e-2 Cel'],
  ],
  ['WIMDA,29.92,I,,,,,,,,,,,,,,,,,,', ['barometric-pressure 101321e0 Pa']],
  [
    'WIMDA,,,1.0132,B,21.4,C,14.2,C,55.3,9.1,12.0,C,231.5,T,229.1,M,11.1,N,5.7,M',
    [
      ...['barometric-pressure 101320e0 Pa', 'air-temperature 2140e-2 Cel', 'water-temperature 1420e-2 Cel'],
      ...['humidity 5530e-2 %RH', 'dew-point 1200e-2 Cel', 'wind-direction 231500e-3 deg'],
      ...['wind-direction-magnetic 229100e-3 deg', 'wind-speed 5700e-3 m/s'],
    ],
  ],
  ['WIMWV,214.8,R,0.1,K,A', ['relative-wind-angle 214800e-3 deg', 'relative-wind-speed 28e-3 m/s']],
  ['WIMWV,214.8,T,10.0,N,A', ['true-wind-angle 214800e-3 deg', 'true-wind-speed 5144e-3 m/s']],
  ['WIMWV,0,R,10,S,A', ['relative-wind-angle 0e-3 deg', 'relative-wind-speed 4470e-3 m/s']],
  [
    'WIMWD,123.4,T,120.0,M,10.0,N,5.1,M',
    ['wind-direction 123400e-3 deg', 'wind-direction-magnetic 120000e-3 deg', 'wind-speed 5100e-3 m/s'],
  ],
  ['WIMWD,,T,,M,10.0,N,,M', ['wind-speed 5144e-3 m/s']],
  ['INMTW,17.9,C', ['water-temperature 1790e-2 Cel']],
  ['INMTW,-0.05,C', ['water-temperature -5e-2 Cel']],
  ['INMTW,32,F', ['water-temperature 0e-2 Cel']],
  [
    'VWVHW,120.5,T,118.0,M,5.5,N,10.2,K',
    [...['heading 120500e-3 deg', 'heading-magnetic 118000e-3 deg', 'speed-through-water 2829e-3 m/s']],
  ],
  ['VWVHW,,T,,M,,N,36.0,K', ['speed-through-water 10000e-3 m/s']],
  [
    'WIXDR,C,71.3,F,TEMP,P,1013.25,H,0,H,45.1,P,1,U,12.1,V,,A,-3.861,D,ROLL',
    [
      ...['temperature-temp 2183e-2 Cel', 'pressure-0 101325e0 Pa', 'humidity-1 4510e-2 %RH'],
      ...['voltage 12100e-3 V', 'angle-roll -3861e-3 deg'],
    ],
  ],
  ['WIXDR,C,273.15,K,a b', ['temperature-a-b 0e-2 Cel']],
  [
    'GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W',
    [
      ...['latitude 48117300000e-9 lat', 'longitude 11516666667e-9 lon', 'speed-over-ground 11524e-3 m/s'],
      ...['course-over-ground 84400e-3 deg', `utc-time ${Date.UTC(1994, 2, 23, 12, 35, 19)}e-3 s`],
    ],
  ],
  [
    'GNRMC,235959.999,A,3342.6618,S,00000.6000,W,,,311299,,,A,V',
    [
      ...['latitude -33711030000e-9 lat', 'longitude -10000000e-9 lon'],
      `utc-time ${Date.UTC(1999, 11, 31, 23, 59, 59, 999)}e-3 s`,
    ],
  ],
  [
    'GNGGA,001043.00,4404.14036,N,12118.85961,W,1,12,0.98,1113.0,M,-21.3,M,,',
    [
      ...['latitude 44069006000e-9 lat', 'longitude -121314326833e-9 lon', 'satellites 12e0 count'],
      'altitude 1113000e-3 m',
    ],
  ],
  ['GPZDA,201530.00,04,07,2002,00,00', [`utc-time ${Date.UTC(2002, 6, 4, 20, 15, 30)}e-3 s`]],
  ['GPZDA,235960,31,12,2016,,', [`utc-time ${Date.UTC(2017, 0, 1)}e-3 s`]],
  ['GPZDA,000000,29,02,2024,,', [`utc-time ${Date.UTC(2024, 1, 29)}e-3 s`]],
];

/** What is refused in an intact sentence, and why. */
const REFUSED: readonly (readonly [body: string, reason: RegExp])[] = [
  ['WIMDA,,I,,B,,C,,C,,,,C,,T,,M,,N,,M', /^object-malformed: the line says that it has no value/],
  ['WIMDA,,,1.0,X,,,,,,,,,,,,,,,,', /the unit of barometric-pressure is "X", not B or I/],
  ['INMTW,NaN,C', /water-temperature is "NaN", which is no decimal number/],
  ['INMTW,Infinity,C', /water-temperature is "Infinity"/],
  ['INMTW,1e400,C', /water-temperature is "1e400"/],
  ['INMTW,0x1F,C', /water-temperature is "0x1F"/],
  ['INMTW, 17.9,C', /water-temperature is " 17.9"/],
  ['INMTW,17,9,C', /the unit of water-temperature is "9", not C or F/],
  ['WIMWV,214.8,R,0.1,K,V', /^device-failed: MWV says that its wind is not valid/],
  ['WIMWV,214.8,X,0.1,K,A', /refers to "X", not R or T/],
  ['WIMWV,214.8,R,0.1,Q,A', /the unit of relative-wind-speed is "Q", not K or M or N or S/],
  ['GPRMC,,V,,,,,,,230394,,', /^device-failed: RMC has no measured position \(status "V", mode ""\)/],
  ['GPRMC,123519,A,4807.038,N,01131.000,E,1,1,230394,,,S', /no measured position \(status "A", mode "S"\)/],
  ['GPGGA,123519,,,,,0,00,,,M,,M,,', /^device-failed: GGA has no measured position \(quality "0"\)/],
  ['GPRMC,123519,A,4860.000,N,,,,,,,', /latitude is "4860.000,N", not dddmm.mmm with N or S/],
  ['GPRMC,123519,A,4807.038,E,,,,,,,', /latitude is "4807.038,E"/],
  ['GPRMC,253519,A,,,,,,,230394,,', /utc-time is "230394 253519", which is no date and time/],
  ['GPRMC,123519,A,,,,,,,300294,,', /utc-time is "300294 123519"/],
  ['GPZDA,12351,04,07,2002,00,00', /utc-time is "2002 07 04 12351"/],
  ['WIXDR,G,367,,MAGX', /transducer "MAGX" has type "G" and unit "".* map XDR.MAGX/],
  ['WIXDR,C,---,C,T', /transducer "T" is "---", which is no decimal number/],
  ['APHDM,218.634,M', /APHDM is not read here; map its fields as HDM.1/],
  ['PTNTHTM,14223,N', /PTNTHTM is not read here; map its fields as PTNTHTM.1/],
];

/** Lines that are damaged as a whole. */
const DAMAGED: readonly (readonly [line: string, reason: RegExp])[] = [
  ['hello', /^object-malformed: no sentence, which begins with \$ or !: "hello"/],
  ['$INMTW,17.9,C', /^frame-crc: no checksum.*checksum: optional/],
  ['$INMTW,17.8,C*1B', /^frame-crc: its characters sum to 1A, one of them was damaged/],
  ['$INMTW,17.9,C*1', /^frame-crc: a \* without the two digits/],
  ['$INMTW,17.9,C*1G', /^frame-crc: a \* without the two digits/],
  ['$INMTW,17.9,C*1B ', /^frame-crc: a \* without the two digits/],
  ['$', /^frame-crc/],
  [withChecksum('WIXDR,C,20,C,°'), /^object-malformed: not only printable ASCII/],
  ['$INMTW,1\u00007.9,C*1B', /^object-malformed: not only printable ASCII: "\$INMTW,1\\u00007.9/],
  [withChecksum(`WIXDR${',C'.repeat(200)}`), /^object-malformed: more than 128 fields/],
];

const nmea = suite('format nmea');

for (const [body, values] of TOLD) {
  nmea(`reads ${body}`, () => assert.equal(heard(withChecksum(body)), { values, refused: [], damage: '' }));
}

for (const [body, reason] of REFUSED) {
  nmea(`refuses ${body}, but not the line`, () => {
    const { refused, damage } = heard(withChecksum(body));
    assert.is(refused.length, 1, refused.join());
    assert.match(refused[0]!, reason);
    assert.is(damage, '');
  });
}

for (const [line, reason] of DAMAGED) {
  nmea(`takes ${line.slice(0, 20)} for noise`, () => {
    const { values, damage } = heard(line);
    assert.match(damage, reason);
    assert.equal(values, []);
  });
}

nmea('reads the good fields of a sentence with a bad one', () => {
  const { values, refused } = heard(withChecksum('WIMDA,,,1.0132,B,NaN,C,,,55.3,,,,,,,,,,,'));
  assert.equal(values, ['barometric-pressure 101320e0 Pa', 'humidity 5530e-2 %RH']);
  assert.match(refused.join(), /^object-malformed: air-temperature is "NaN"/);
});

nmea('allows a sentence without a checksum where that is asked for, but never a wrong one', () => {
  const lax = good(formatFor({ format: 'nmea', checksum: 'optional' }));
  assert.equal(hear(lax, '$INMTW,17.9,C').values, ['water-temperature 1790e-2 Cel']);
  assert.match(hear(lax, '$INMTW,17.9,C*1C').damage, /^frame-crc/);
});

nmea('skips a tag block, and tells of one that is damaged', () => {
  const sentence = withChecksum('INMTW,17.9,C');
  const block = withChecksum('s:1,c:1577836800').slice(1);
  assert.equal(heard(`\\${block}\\${sentence}`), {
    values: ['water-temperature 1790e-2 Cel'],
    refused: [],
    damage: '',
  });
  const damaged = heard(`\\${block.replace('s', 't')}\\${sentence}`);
  assert.is(damaged.values.length, 1);
  assert.match(damaged.refused.join(), /before a sentence is of no use/);
});

nmea('finds a sentence behind one that was cut', () => {
  const { values, refused } = heard(`$GPRMC,1235${withChecksum('INMTW,17.9,C')}`);
  assert.equal(values, ['water-temperature 1790e-2 Cel']);
  assert.match(refused.join(), /"\$GPRMC,1235" before a sentence is of no use/);
});

nmea('tells that AIS is not sold', () => {
  const { refused, damage } = heard('!AIVDM,1,1,,A,14eG;o@034o8sd<L9i:a;WF>062D,0*7D');
  assert.match(refused.join(), /AIVDM is a ship's AIS/);
  assert.is(damage, '');
});

nmea('maps fields of sentences that it does not know, and transducers by their id', () => {
  const mapped = good(
    formatFor({
      format: 'nmea',
      mapping: [
        mapping('HDM.1', { name: 'heading', kind: 'heading', unit: 'deg', exponent: -1 }),
        mapping('PTNTHTM.3', { name: 'pitch', kind: 'angle', unit: 'deg' }),
        mapping('XDR.MAGX', { name: 'magnetic-x', kind: 'magnetic-field', unit: 'uT', exponent: -9 }),
      ],
    }),
  );
  assert.equal(
    mapped.quantities.map(({ name }) => name),
    ['heading', 'pitch', 'magnetic-x'],
  );
  assert.equal(hear(mapped, withChecksum('APHDM,218.634,M')).values, ['heading 2186e-1 deg']);
  assert.equal(hear(mapped, withChecksum('PTNTHTM,14223,N,-169,N')).values, ['pitch -16900e-2 deg']);
  const both = hear(mapped, withChecksum('HCXDR,A,171,D,PITCH,G,367,,MAGX'));
  assert.equal(both.values, ['angle-pitch 171000e-3 deg', 'magnetic-x 367000e-9 T']);
  assert.equal(both.refused, []);
  const short = hear(mapped, withChecksum('PTNTHTM,14223'));
  assert.match(short.refused.join(), /none of PTNTHTM.3 is in the line, which has "PTNTHTM.1"/);
});

nmea('says how a field must be written', () => {
  for (const field of ['HDM', 'HDM.0', 'hdm.1', '1', 'XDR.']) {
    const format = formatFor({ format: 'nmea', mapping: [mapping(field)] });
    assert.ok(!format.ok && format.code === 'config-invalid', field);
    assert.match(format.detail, /such as HDM.1, or XDR and an id/);
  }
});

nmea('names the instrument by its first sentence', () => {
  assert.is(plain.board(withChecksum('GPRMC,1')), 'NMEA 0183 GPRMC');
});

const LOGS = '../shared/vectors/nmea';

/** By hand: sentences, those with the right sum, and those of the formatters that are read here. */
const count = (lines: readonly string[]) => {
  const sound = lines.filter((line) => {
    const [, body, sum] = /^\$([^*]*)\*(..)$/.exec(line) ?? [];
    return (
      body !== undefined && [...body].reduce((all, one) => all ^ one.charCodeAt(0), 0) === Number(`0x${sum}`)
    );
  });
  const known = sound.filter((line) => /^\$..(GGA|RMC|XDR)/.test(line));
  return { lines: lines.length, sound: sound.length, known: known.length };
};

if (!existsSync(LOGS)) console.log(`skip: logs of instruments: ${LOGS} is not there`);
else {
  for (const file of readdirSync(LOGS)) {
    nmea(`makes values or a refusal of every line of ${file}`, () => {
      const lines = readFileSync(join(LOGS, file), 'latin1')
        .split('\n')
        .filter((line) => line !== '');
      const all = lines.map(heard);
      for (const [i, { values, refused, damage }] of all.entries())
        assert.ok(values.length + refused.length + damage.length > 0, lines[i]);
      assert.equal(
        {
          lines: all.length,
          sound: all.filter(({ damage }) => damage === '').length,
          known: all.filter(({ values }) => values.length > 0).length,
        },
        count(lines),
      );
    });
  }
}

nmea('does not let a changed character pass, nor throws at any text', () => {
  const bodies = fc.constantFrom(...TOLD.map(([body]) => body));
  fc.assert(
    fc.property(bodies, fc.nat(200), fc.integer({ min: 32, max: 126 }), (body, at, code) => {
      const line = withChecksum(body);
      const place = at % line.length;
      const changed = line.slice(0, place) + String.fromCharCode(code) + line.slice(place + 1);
      const { values, damage } = heard(changed);
      const isSame = changed.toUpperCase() === line.toUpperCase() && place >= line.length - 2;
      if (changed !== line && !isSame && changed[place] !== '$' && changed[place] !== '!')
        assert.ok(damage !== '' && values.length === 0, changed);
    }),
    { numRuns: 3000 },
  );
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      heard(text);
      heard(withChecksum(`GPRMC,${text.replaceAll('*', '')}`));
    }),
    { numRuns: 2000 },
  );
});

nmea.run();
