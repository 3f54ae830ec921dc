import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Mapping } from '../../../firmware-bridge/topic/mapping.ts';
import { openTopic } from '../../../firmware-bridge/topic.ts';
import type { Refusal } from '../../../schemas/result.ts';
import { mapped, PUMP, TEMPERATURE } from './watched.ts';

const test = suite('mappingSource');

test('refuses a line that is wrong, by its name', async () => {
  const cases: readonly (readonly [Partial<Mapping>, RegExp])[] = [
    [{ sensors: [{ ...TEMPERATURE, unit: 'lqi' }] }, /temperature: "lqi" is no unit/],
    [{ sensors: [{ ...TEMPERATURE, topic: 'a/#/b' }] }, /temperature: "a\/#\/b" is no topic/],
    [{ sensors: [{ ...TEMPERATURE, pointer: 'AM2301' }] }, /temperature: "AM2301" is no JSON pointer/],
    [{ sensors: [{ ...TEMPERATURE, template: 'T=' }] }, /template "T=" must have one \{\}/],
    [{ sensors: [{ ...TEMPERATURE, name: 'Außen' }] }, /"Außen" must be letters/],
    [{ sensors: [TEMPERATURE, TEMPERATURE] }, /"temperature" stands twice/],
    [{ outputs: [{ ...PUMP, topic: 'a/+' }] }, /pump: "a\/\+" is no topic to publish to/],
    [{ outputs: [{ ...PUMP, payload: 'ON' }] }, /pump: the payload "ON" must have one/],
    [{ outputs: [{ ...PUMP, max: 2 }] }, /pump: values from 0 to 2 do not fit its words/],
    [{ outputs: [{ ...PUMP, state: { topic: '' } }] }, /pump: "" is no topic/],
    [{ availability: { topic: '#x', online: 'on', offline: 'off' } }, /availability: "#x" is no topic/],
  ];
  for (const [lines, words] of cases) {
    const refused = await openTopic({ url: 'mqtt://127.0.0.1:1', ...mapped(lines) });
    assert.ok(!refused.ok && refused.code === 'config-invalid');
    assert.match((refused as Refusal).detail, words);
  }
});
test.run();
