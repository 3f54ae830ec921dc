import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { matches } from '../../../firmware-bridge/mqtt/filter.ts';
import {
  PRESETS,
  type Preset,
  type PresetName,
  presetSource,
} from '../../../firmware-bridge/topic/presets.ts';
import { openTopic } from '../../../firmware-bridge/topic.ts';
import { decimalOf, decimalToText } from '../../../schemas/decimal.ts';
import { taken } from '../../agent/market.ts';
import { until } from '../../wait.ts';
import { HomeBroker } from './home-broker.ts';

/** What a project published, and what is to be made of it. Numbers of `readings` are in SenML units. */
type Captured = {
  readonly source: string;
  readonly preset: Preset;
  /** Retained, before anybody listens. */
  readonly kept: readonly (readonly [topic: string, payload: string])[];
  /** How many of what is said are said before, too: nothing kept makes the device known. */
  readonly waking?: number;
  readonly said: readonly (readonly [topic: string, payload: string])[];
  readonly identity: { readonly board: string; readonly firmware: string; readonly serial?: string };
  readonly capabilities: readonly (readonly [name: string, kind: string, unit: string, direction: string])[];
  readonly readings: readonly string[];
  /** Codes, each with the name that the sentence begins with. */
  readonly refused: readonly string[];
};

const FOLDER = join(import.meta.dirname, 'captured');
const captures = readdirSync(FOLDER).map((name) => ({
  name: name.replace('.json', ''),
  captured: JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as Captured,
}));

const END = 'the/end';

/** Plays a capture to a device that is opened on a real broker. */
const play = async (broker: HomeBroker, captured: Captured) => {
  for (const [topic, payload] of captured.kept) await broker.publish(topic, payload, true);
  const mapping = { sensors: [{ name: 'end', kind: 'end', unit: 'count', topic: END }], outputs: [] };
  const opening = openTopic({ url: broker.url, preset: captured.preset, mapping, timing: { open: 20_000 } });
  let open = false;
  void opening.then(() => (open = true));
  await until(() => open || broker.subscriptions > 0);
  for (const [topic, payload] of captured.said.slice(0, captured.waking ?? 0))
    await broker.publish(topic, payload);
  const opened = await opening;
  const device = taken(opened);
  const { filters } = taken(presetSource(captured.preset));
  const kept = captured.kept.filter(([topic]) => filters.some((filter) => matches(filter, topic)));
  await until(() => device.health.messages >= kept.length + (captured.waking ?? 0));
  const readings: string[] = [];
  const refused: string[] = [];
  let ended = false;
  const nameOf = (channel: number): string =>
    device.capabilities.find((one) => one.channel === channel)!.name;
  device.listen({
    onReading: ({ channel, mantissa, exponent }) => {
      if (nameOf(channel) === 'end') ended = true;
      else readings.push(`${nameOf(channel)} ${decimalToText(decimalOf(mantissa, exponent))}`);
    },
    onRefused: ({ code, detail }) => refused.push(`${code} ${detail}`),
  });
  for (const [topic, payload] of captured.said) await broker.publish(topic, payload);
  await broker.publish(END, '1');
  await until(() => ended);
  return { device, readings, refused };
};

const test = suite('presetSource');

for (const { name, captured } of captures) {
  test(`reads what was captured: ${name}`, async () => {
    assert.ok(captured.source.length > 20, 'a capture says where its form is from');
    const broker = await new HomeBroker().open();
    const { device, readings, refused } = await play(broker, captured);
    const { board, firmware, serial } = device.identity;
    assert.equal(
      { board, firmware },
      { board: captured.identity.board, firmware: captured.identity.firmware },
    );
    if (captured.identity.serial !== undefined) assert.is(serial, captured.identity.serial);
    assert.match(serial, /^[0-9a-f]{16}$/);
    assert.equal(
      device.capabilities
        .filter((one) => one.name !== 'end')
        .map((one) => [one.name, one.kind, one.unit, one.direction]),
      captured.capabilities,
    );
    assert.equal(readings, captured.readings);
    assert.is(refused.length, captured.refused.length, refused.join('\n'));
    for (const start of captured.refused) {
      const [code, what] = start.split(' ');
      assert.ok(
        refused.some((one) => one.startsWith(`${code} `) && one.includes(what!)),
        `${start} in ${refused.join('\n')}`,
      );
    }
    await device.close();
    await broker.close();
  });
}

test('has a capture for each preset', () => {
  for (const preset of PRESETS)
    assert.ok(
      captures.some((one) => one.captured.preset.name === preset),
      preset,
    );
});

test('refuses a device that no topic can name', () => {
  for (const [name, device] of [
    ['zigbee2mqtt', '+'],
    ['tasmota', ''],
    ['sparkplug', 'group'],
    ['sparkplug', 'a/b/c/d'],
    ['statestream', 'sensor.#'],
  ] as const) {
    const source = presetSource({ name, device });
    assert.ok(!source.ok && source.code === 'config-invalid', `${name} ${device}`);
  }
  assert.ok(!presetSource({ name: 'weewx', device: 'weather', prefix: 'a/#' }).ok);
});

/** Text like that of the captures, damaged. */
const damaged = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(
        ...captures.flatMap((one) =>
          [...one.captured.kept, ...one.captured.said].map(([, payload]) => payload),
        ),
      ),
      fc.nat(),
      fc.string({ maxLength: 4 }),
    )
    .map(([payload, at, junk]) => {
      const place = at % (payload.length + 1);
      return payload.slice(0, place) + junk + payload.slice(place + (at % 5));
    }),
  fc.json({ maxDepth: 4 }),
  fc.constantFrom(
    '',
    '{}',
    '[]',
    'null',
    '{"metrics":[null,1,{}]}',
    '[{"friendly_name":"d"}]',
    '{"__proto__":{"a":1}}',
    '{"ENERGY":{"Power":[[[1]]]}}',
    '[{"friendly_name":"d","definition":{"exposes":[{"features":[{"property":"x"}]},{"property":{}}]}}]',
  ),
);

const deviceOf = (name: PresetName): string =>
  name === 'sparkplug' ? 'g/n/d' : name === 'statestream' ? 'sensor' : 'd';

test('never throws, whatever is said on its topics', () => {
  for (const name of PRESETS) {
    const source = presetSource({ name, device: deviceOf(name) });
    assert.ok(source.ok);
    const topics = source.value.filters.map((filter) => filter.replaceAll('+', 'x'));
    fc.assert(
      fc.property(fc.constantFrom(...topics), damaged, fc.boolean(), (topic, payload, fresh) => {
        for (const finding of source.value.read({ topic, payload, fresh }))
          assert.type(finding.type, 'string');
      }),
      { numRuns: 400 },
    );
  }
});
test.run();
