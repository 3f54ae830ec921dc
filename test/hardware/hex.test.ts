import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseHex } from '../../hardware/bench/hex.ts';

const END = ':00000001FF';
const DATA = ':040010001122334442'; // 4 bytes at 0x0010

const hex = suite('parseHex');

const refused = (text: string): string => {
  const parsed = parseHex(text);
  return parsed.ok ? 'accepted' : `${parsed.code}: ${parsed.detail}`;
};

hex('puts bytes where they belong and leaves the rest erased', () => {
  const parsed = parseHex(`${DATA}\r\n${END}\r\n`);
  assert.ok(parsed.ok);
  assert.is(parsed.value.length, 16_384);
  assert.equal([...parsed.value.subarray(7, 11)], [0xffff, 0x2211, 0x4433, 0xffff]);
});

hex('names the line that is damaged', () => {
  assert.match(refused(`${DATA}\n:0400200011223344FF\n${END}`), /config-invalid: HEX line 2/);
  for (const line of ['hello', ':04001000112233', ':0400100011223344', `${DATA}00`]) {
    assert.match(refused(`${line}\n${DATA}\n${END}`), /config-invalid: HEX line 1/);
  }
});

hex('takes no program for a larger chip', () => {
  assert.match(refused(`:020000040001F9\n${END}`), /does not belong to an ATmega328P/);
  assert.match(refused(`:01800000007F\n${END}`), /does not belong/);
});

hex('takes no file without its end', () => assert.match(refused(DATA), /end record/));

hex.run();
