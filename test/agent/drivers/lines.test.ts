/** A text instrument in an agent: as its configuration names it, and as its readings are sold. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DEVICE } from '../../../agent/drivers/drivers.ts';
import { openLines, SHAPE_LINES } from '../../../agent/drivers/lines.ts';
import { printExample, readConfig } from '../../../agent/host/config-file.ts';
import { s } from '../../../agent/host/shape.ts';
import { openPty, type Pty } from '../../../hardware/bench/pty.ts';
import { withChecksum } from '../../firmware-bridge/lines/heard.ts';
import { until } from '../../wait.ts';
import { assertBooks, assertRising, hasSettled, isDone } from '../books.ts';
import { demand, Market, offer, taken } from '../market.ts';

const SELLER = 1;
const BUYER = 2;

const SHAPE = s.object(SHAPE_LINES, { about: 'An instrument' });
const read = (text: string) => readConfig('agent.yaml', `path: /dev/ttyUSB0\n${text}`, SHAPE);

const shape = suite('SHAPE_LINES');

shape('accepts the example it prints', () => {
  const file = readConfig('agent.yaml', printExample(SHAPE), SHAPE);
  assert.ok(file.ok, file.ok ? '' : file.detail);
});

shape('needs no more than a path and a format, where the format says what it means', () => {
  const file = read('text: { format: nmea }\n');
  assert.ok(file.ok, file.ok ? '' : file.detail);
  assert.equal(file.value.text, { format: 'nmea', checksum: 'required', mapping: [] });
  assert.is(file.value.silenceS, 60);
  assert.ok(read('text: { format: ultimeter, rain: 0.1mm }\nbaudRate: 9600\n').ok);
});

shape('takes a mapping with all that it may say', () => {
  const file = read(`text:
  format: csv
  delimiter: semicolon
  columns: [time, temp]
  mapping:
    - { field: temp, name: air, kind: temperature, unit: °F, scale: 0.1, min: -40, max: 1300, suffix: F, none: ['--', ///] }
`);
  assert.ok(file.ok, file.ok ? '' : file.detail);
});

shape('accepts what the README shows', () => {
  const readme = readFileSync(new URL('../../../firmware-bridge/lines/README.md', import.meta.url), 'utf8');
  const [, block = ''] = /^ {4}(devices:\n[\s\S]*?)\n\n/m.exec(readme) ?? [];
  const devices = s.object({ devices: s.list(DEVICE, { about: 'Devices' }) }, { about: 'An agent' });
  const file = readConfig('agent.yaml', block.replace(/^ {4}/gm, ''), devices);
  assert.ok(file.ok, file.ok ? '' : file.detail);
  assert.equal(
    file.value.devices.map((device) => (device.driver === 'lines' ? device.text.format : '')),
    ['nmea', 'key-value'],
  );
});

const refused = (text: string, reason: RegExp): void => {
  const file = read(text);
  assert.match(file.ok ? 'accepted' : file.detail, reason);
};

const FIELD = 'field: T, name: air, kind: temperature';

shape('says where the configuration is wrong, and what was meant', () => {
  refused('text: { format: nema }\n', /text.format must be one of nmea, .*not "nema": did you mean "nmea"\?/);
  refused('text: { format: json }\n', /text.mapping must be a list of 1 to 64 items/);
  refused('text: { format: nmea, columns: [a] }\n', /agent.yaml:2:23: unknown key "columns" in text/);
  refused(
    `text: { format: key-value, mapping: [{ ${FIELD}, unit: furlong }] }\n`,
    /agent.yaml:2:7: text: the mapping of "T" to "air": "furlong" is no unit of SenML/,
  );
  refused(
    `text: { format: csv, mapping: [{ ${FIELD}, unit: Cel }] }\n`,
    /the column "T" must be a number from 1/,
  );
  refused(`text: { format: nmea, mapping: [{ ${FIELD}, unit: Cel }] }\n`, /the field "T" must be a sentence/);
});

shape.run();

/** Prints a temperature that rises by a hundredth with each line, so that every reading is another. */
class Thermometer {
  count = 0;
  private pty: Pty | undefined;
  private readonly link: string;

  constructor(link: string) {
    this.link = link;
  }

  async plug(): Promise<void> {
    this.pty = taken(await openPty({ link: this.link, onData: () => {}, onClose: () => {} }));
  }

  /** Half a line is on its way when the plug is pulled. */
  unplug(): void {
    this.pty?.write(Buffer.from('$INMTW,9'));
    this.pty?.close();
    this.pty = undefined;
  }

  readonly measure = (): void => {
    const text = (this.count++ / 100).toFixed(2);
    this.pty?.write(Buffer.from(`${withChecksum(`INMTW,${text},C`)}\r\n`));
  };
}

const sale = suite('a text instrument');

sale('sells its readings, also when it is unplugged and plugged in again meanwhile', async () => {
  const market = await new Market().open();
  const link = join(market.folder, 'thermometer');
  const thermometer = new Thermometer(link);
  try {
    await market.deposit(BUYER, 10_000_000_000n);
    await thermometer.plug();
    const config = readConfig('agent.yaml', `path: ${link}\ntext: { format: nmea }\n`, SHAPE);
    const seller = await market.start({
      seed: SELLER,
      drivers: { board: () => openLines(taken(config)) },
      sell: [offer({ sensor: 'water-temperature' })],
    });
    const buyer = await market.start({ seed: BUYER, buy: [demand({ readings: 60 })] });
    const isThere = (): boolean => seller.status().devices[0]!.ready;
    await until(() => buyer.bought.length >= 20, thermometer.measure);
    thermometer.unplug();
    await until(() => !isThere());
    const before = buyer.bought.length;
    const gapAt = thermometer.count;
    assert.ok(before < 60, 'the lease is not over');
    await thermometer.plug();
    await until(() => isDone(buyer) && hasSettled(seller, 1), thermometer.measure);
    const sold = assertRising(buyer, 60).map((value) => Math.round(100 * value));
    assert.ok(sold.at(-1)! >= gapAt, 'the lease went on after the gap');
    const cut = sold.findIndex((value) => value >= gapAt);
    assert.equal(
      sold.slice(0, cut),
      sold.slice(0, cut).map((_, i) => sold[0]! + i),
      'nothing that was measured before the gap is missing',
    );
    await assertBooks(market, seller, buyer);
  } finally {
    await market.close();
    thermometer.unplug();
  }
});

sale.run();
