import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { schemas } from './schemas.ts';
import { CddlError } from './tokens.ts';

const contract = suite('schemas/*.cddl');

contract('load together: every name is defined, and once', () => {
  assert.ok(schemas().ruleNames.length > 0);
});

contract('refuse a nonsense message under every rule but those that take anything', () => {
  const nonsense = new Uint8Array([0xd9, 0xff, 0xfe, 0x80]); // 65534([])
  const takers = schemas().ruleNames.filter((rule) => {
    try {
      return schemas().validate(rule, nonsense).ok;
    } catch (error) {
      // a group or a generic rule describes no message by itself
      if (error instanceof CddlError || error instanceof RangeError) return false;
      throw error;
    }
  });
  assert.equal(takers, []);
});

contract.run();
