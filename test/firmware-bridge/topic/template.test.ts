import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fillTemplate, isTemplate, readTemplate } from '../../../firmware-bridge/topic/template.ts';

const test = suite('readTemplate');

test('takes a value out of what stands around it', () => {
  for (const [template, text, expected] of [
    ['T={}', 'T=21.5;H=40', '21.5'],
    ['H={}', 'T=21.5;H=40', '40'],
    ['T={}', 'WT=9;T=21.5', '21.5'],
    ['{} C', '21.5 C', '21.5'],
    ['{}C', '-3C', '-3'],
    ['Temp: {} C', 'Temp:  21.5 C, 40 %', '21.5'],
    [', {} %', 'Temp: 21.5 C, 40 %', '40'],
    ['{}', 'ON', 'ON'],
  ] as const) {
    const read = readTemplate(template, text);
    assert.is(read.ok && read.value, expected, `${template} ${text}`);
  }
});

test('refuses a text of another form', () => {
  for (const [template, text] of [
    ['T={}', 'WT=9'],
    ['T={}', 'T='],
    ['T={}C', 'T=21.5F'],
    ['{}', ''],
  ] as const)
    assert.is(readTemplate(template, text).ok, false, `${template} ${text}`);
});

test('reads back what was filled in', () => {
  const before = fc.stringMatching(/^[^{}]{0,8}$/);
  fc.assert(
    fc.property(
      before,
      fc.stringMatching(/^-?[0-9]{1,4}\.[0-9]$/),
      fc.constantFrom('', ' C', ';x=1', '"}'),
      (head, value, tail) => {
        const template = `${head}{}${tail}`;
        assert.ok(isTemplate(template));
        const read = readTemplate(template, fillTemplate(template, value));
        assert.is(read.ok && read.value, value, template);
      },
    ),
  );
});

test('has one place for a value', () => {
  for (const text of ['', 'ON', '{}{}', `{}${'x'.repeat(255)}`]) assert.not(isTemplate(text));
});
test.run();
