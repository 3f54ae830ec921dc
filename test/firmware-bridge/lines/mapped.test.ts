/** Lines of pairs, of columns and of JSON, by a mapping. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatFor, type LinesFormat } from '../../../firmware-bridge/lines/formats.ts';
import type { Mapping } from '../../../firmware-bridge/lines/mapping.ts';
import { good, hear, mapping } from './heard.ts';

const HUMIDITY = { name: 'humidity', kind: 'humidity', unit: '%RH', exponent: -1 };
const WIND = { name: 'wind', kind: 'wind-speed', unit: 'km/h', exponent: -2 };

const heard = (options: LinesFormat, line: string) => hear(good(formatFor(options)), line);

/** `line` gives `values`; a text among them that is no value is why not. */
const told = (options: LinesFormat, line: string, values: readonly string[], reason?: RegExp): void => {
  const got = heard(options, line);
  assert.equal(got.values, values);
  assert.is(got.damage, '');
  if (reason === undefined) assert.equal(got.refused, []);
  else assert.match(got.refused.join(), reason);
};

const wrong = (options: LinesFormat, reason: RegExp): void => {
  const format = formatFor(options);
  assert.is(format.ok ? 'accepted' : format.code, 'config-invalid');
  assert.match(format.ok ? '' : format.detail, reason);
};

const pairs = suite('format key-value');
const keyValue = (...given: Mapping[]): LinesFormat => ({ format: 'key-value', mapping: given });
const BOTH = keyValue(mapping('T'), mapping('H', HUMIDITY));
const AIR = ['temperature 2150e-2 Cel', 'humidity 400e-1 %RH'];

for (const line of [
  'T=21.5 H=40',
  'T=21.5,H=40',
  'T: 21.5; H: 40',
  'x T =21.5\tH= 40 z=1',
  'H=40 T=+21.50',
]) {
  pairs(`finds them in ${line}`, () => assert.equal(heard(BOTH, line).values.sort().reverse(), AIR));
}

pairs('reads a Vaisala WXT with the letter of the unit behind each value', () => {
  const wxt = keyValue(
    mapping('Ta', { suffix: 'C', none: ['0.0#'] }),
    mapping('Sm', { ...WIND, unit: 'm/s', suffix: 'M' }),
  );
  told(wxt, '0R0,Dm=027D,Sm=0.1M,Ta=23.6C,Ua=14.2P', ['temperature 2360e-2 Cel', 'wind 10e-2 m/s']);
  told(wxt, '0R0,Ta=74.5F', [], /temperature is "74.5F", without the suffix "C"/);
});

pairs('says which fields the line had when the mapping matches none', () =>
  told(
    BOTH,
    'temp=21.5 hum=40',
    [],
    /^config-invalid: none of T, H is in the line, which has "temp", "hum": correct/,
  ),
);

pairs('reads a line that has some of the fields', () => told(BOTH, 'H=40', AIR.slice(1)));

pairs('refuses a line without any pair', () =>
  told(BOTH, 'booting', [], /^object-malformed: no key=value in "booting"/),
);

pairs('refuses NaN and what is beyond the plausible, and reads on', () => {
  told(BOTH, 'T=NaN H=40', AIR.slice(1), /^object-malformed: temperature: "NaN" is no decimal number$/);
  told(BOTH, 'T=inf H=40', AIR.slice(1), /temperature: "inf" is no decimal number/);
  const bounded = keyValue(mapping('T', { max: { mantissa: 60, exponent: 0 } }));
  told(bounded, 'T=85', [], /^value-out-of-range: temperature: 85 is above the 60 °C/);
});

pairs('takes the words for no value as none', () => {
  const none = keyValue(mapping('T', { none: ['--', '///'] }), mapping('H', HUMIDITY));
  told(none, 'T=-- H=40', AIR.slice(1));
  told(none, 'T=///', [], /the line says that it has no value/);
});

pairs('scales and converts, and rounds once', () => {
  told(keyValue(mapping('T', { unit: '°F', scale: { mantissa: 1, exponent: -1 } })), 'T=713', [
    'temperature 2183e-2 Cel',
  ]);
  told(keyValue(mapping('W', WIND)), 'W=10', ['wind 278e-2 m/s']);
});

pairs('reads UTF-8, and takes what is none, or is no text, for noise', () => {
  const degrees = good(formatFor(keyValue(mapping('T', { suffix: '°C' }))));
  assert.equal(hear(degrees, 'T=21.5 °C').values, AIR.slice(0, 1));
  const rough = (bytes: readonly number[]) => {
    const line = Buffer.from([...Buffer.from('T=2'), ...bytes]);
    const damage = degrees.read(line, line.length, {
      measure: () => assert.unreachable(),
      refuse: () => assert.unreachable(),
    });
    return damage === undefined ? 'read' : `${damage.code}: ${damage.detail}`;
  };
  assert.match(rough([0xff]), /^object-malformed: "T=2ÿ" is not UTF-8: is the baud rate right/);
  assert.match(rough([0x00]), /^object-malformed: a control character is in a line of text: "T=2\\u0000"/);
  assert.match(rough([0xc2, 0x9b]), 'T=2\\u009b"', 'nothing that a terminal obeys');
  assert.match(rough([0x0d, 0x31]), /^object-malformed: a control character/);
});

pairs.run();

const columns = suite('format csv');
const csv = (rest: Partial<Extract<LinesFormat, { format: 'csv' }>>, ...given: Mapping[]): LinesFormat => ({
  ...{ format: 'csv', mapping: given },
  ...rest,
});

columns('counts columns from 1', () =>
  told(csv({}, mapping('2'), mapping('3', HUMIDITY)), '12:30:05, 21.5 ,40', AIR),
);

columns('knows them by the names of the configuration, and how many there are', () => {
  const named = csv({ columns: ['time', 't', 'h'] }, mapping('t'), mapping('h', HUMIDITY));
  told(named, '12:30:05,21.5,40', AIR);
  told(named, '5,21.5', [], /2 columns, not 3: "5,21.5"/);
});

columns('learns the names from a header, which may change', () => {
  const format = good(formatFor(csv({ header: true }, mapping('t'), mapping('h', HUMIDITY))));
  assert.match(hear(format, '21.5,40').refused.join(), /no header line has come before "21.5,40": restart/);
  assert.equal(hear(format, 't,h'), { values: [], refused: [], damage: '' });
  assert.equal(hear(format, '21.5,40').values, AIR);
  assert.equal(hear(format, 'h,time,t').refused, []);
  assert.equal(hear(format, '40,1,21.5').values.sort().reverse(), AIR);
});

columns('splits at semicolons, tabs and blanks, and not inside of quotes', () => {
  told(csv({ delimiter: 'semicolon' }, mapping('1')), '21.5;x', AIR.slice(0, 1));
  told(csv({ delimiter: 'tab' }, mapping('2')), 'x\t21.5', AIR.slice(0, 1));
  told(csv({ delimiter: 'space' }, mapping('2')), '  40   21.5 ', AIR.slice(0, 1));
  told(csv({}, mapping('2')), '"a, ""b""","21.5"', AIR.slice(0, 1));
  told(csv({}, mapping('2')), '"a,21.5', [], /a quote is not closed/);
});

columns('says which columns the line had when the mapping matches none', () =>
  told(csv({}, mapping('5')), '1,2', [], /none of 5 is in the line, which has "1", "2"/),
);

columns('says what is wrong with the configuration', () => {
  wrong(csv({}, mapping('t')), /the column "t" must be a number from 1/);
  wrong(csv({ columns: ['a', 'b'] }, mapping('t')), /the column "t" must be one of a, b/);
  wrong(csv({ columns: ['t'], header: true }, mapping('t')), /not by both/);
});

columns.run();

const objects = suite('format json');
const json = (...given: Mapping[]): LinesFormat => ({ format: 'json', mapping: given });
const NESTED = json(mapping('/out/t'), mapping('h', HUMIDITY));

objects('follows pointers, and takes a plain name for a key', () =>
  told(NESTED, '{"out":{"t":21.5},"h":"40"}', AIR),
);

objects('keeps fifteen digits of a number as they are written, and makes no float', () => {
  const fine = json(mapping('x', { name: 'x', unit: 's', exponent: -12 }));
  told(fine, '{"x":1234.567890123456}', ['x 1234567890123460e-12 s']);
  told(fine, '{"x":0.1}', ['x 100000000000e-12 s']);
});

objects('takes null for no value, and a switch for 0 or 1', () => {
  told(NESTED, '{"out":{"t":null},"h":40}', AIR.slice(1));
  const contact = json(mapping('/0', { name: 'door', kind: 'contact', unit: '/', exponent: 0 }));
  told(contact, '[true]', ['door 1e0 /']);
  told(contact, '[false]', ['door 0e0 /']);
});

objects('says which fields the line had when the mapping matches none', () =>
  told(
    NESTED,
    '{"in":{"t":1,"u":[2]}}',
    [],
    /none of \/out\/t, h is in the line, which has "\/in\/t", "\/in\/u\/0"/,
  ),
);

objects('refuses what is no JSON, as Python writes NaN, and what is no object', () => {
  told(NESTED, '{"out":{"t":NaN}}', [], /^object-malformed: .*no JSON/);
  told(NESTED, '{"out":{"t":21.5', [], /^object-malformed/);
  told(NESTED, '21.5', [], /is no object or array/);
});

objects('finds no property that is not in the line', () =>
  told(json(mapping('constructor'), mapping('/__proto__/x', HUMIDITY)), '{"a":1}', [], /^config-invalid/),
);

objects.run();

const mappings = suite('checkMappings');

mappings('says what is wrong with a mapping, and which one', () => {
  const one = (rest: Partial<Mapping>) => keyValue(mapping('T', rest));
  wrong(one({ unit: 'furlong' }), /the mapping of "T" to "temperature": "furlong" is no unit of SenML/);
  wrong(one({ name: 'air temperature' }), /the name must be/);
  wrong(one({ name: '-t' }), /the name must be/);
  wrong(one({ kind: '' }), /the kind must be/);
  wrong(one({ exponent: -13 }), /the exponent -13 is not a whole number from -12 to 12/);
  wrong(one({ exponent: 0.5 }), /the exponent 0.5/);
  wrong(one({ scale: { mantissa: 0, exponent: 0 } }), /a scale of 0/);
  wrong(one({ none: [' -'] }), /write none without them/);
  wrong(one({ field: '' }), /names no field/);
  wrong(keyValue(mapping('T'), mapping('U')), /"U" to "temperature": another has the same name/);
  wrong(keyValue(), /format key-value needs a mapping/);
  wrong(json(mapping('/a~2')), /no JSON pointer/);
  const many = Array.from({ length: 65 }, (_, i) => mapping(`T${i}`, { name: `t${i}` }));
  wrong(keyValue(...many), /65 mappings, a device has at most 64/);
});

mappings.run();
