import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Selling } from '../../agent/selling.ts';
import { MemoryDevice, offer, THERMOMETER } from './market.ts';

const NEVER = undefined as never;
const METERLESS = { of: () => undefined } as never;

const selling = (...sensors: string[]): Selling => {
  const offers = sensors.map((sensor, i) => offer({ name: `offer-${i}`, sensor }));
  return new Selling(NEVER, NEVER, [], NEVER, offers, METERLESS);
};

const test = suite('Selling');

test('tells once of a sensor that its device does not have, when it had time to show it', () => {
  const shelf = selling('temprature', 'temperature', 'rain');
  assert.equal(shelf.absences(0), [], 'a device that is away is told elsewhere');
  shelf.onDevice('board', new MemoryDevice());
  assert.equal(shelf.absences(1000), []);
  assert.equal(shelf.absences(10_999), []);
  assert.equal(shelf.absences(11_000), [
    '"offer-0" is not on offer: board has no sensor "temprature": did you mean "temperature"?',
    '"offer-2" is not on offer: board has no sensor "rain", it has temperature',
  ]);
  assert.equal(shelf.absences(50_000), []);
});

test('says nothing where the sensor shows itself late, and again where it is gone', () => {
  const shelf = selling('rain');
  shelf.onDevice('board', new MemoryDevice());
  assert.equal(shelf.absences(0), []);
  shelf.onDevice('board', new MemoryDevice({ ...THERMOMETER, name: 'rain' }));
  assert.equal(shelf.absences(20_000), []);
  shelf.onDevice('board', new MemoryDevice());
  assert.equal(shelf.absences(30_000), []);
  assert.is(shelf.absences(40_000).length, 1);
});

test.run();
