import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { newHealth } from '../../firmware-bridge/audience.ts';
import { FirmataReader, firmwareOf } from '../../firmware-bridge/firmata/messages.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const listen = () => {
  const messages: string[] = [];
  const noise: string[] = [];
  const health = newHealth();
  const reader = new FirmataReader(
    health,
    (message) => messages.push(hex(message)),
    (bytes) => noise.push(hex(bytes)),
  );
  const push = (text: string): void => reader.push(Buffer.from(text, 'hex'));
  return { messages, noise, health, reader, push };
};

const reader = suite('FirmataReader');

reader('finds messages however the bytes arrive', () => {
  for (const size of [1, 2, 3, 100]) {
    const { messages, noise, reader } = listen();
    const bytes = Buffer.from('f90205f0790100f7e00004900401', 'hex');
    for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
    assert.equal(messages, ['f90205', 'f0790100f7', 'e00004', '900401']);
    assert.equal(noise, []);
  }
});

reader('gives what is no message as noise, and the next message whole', () => {
  for (const [bytes, noise] of [
    ['00', '00'],
    ['c001', 'c001'],
    ['e001', 'e001'],
    ['f06c01', 'f06c01'],
    ['f7', 'f7'],
    ['f0f0', 'f0f0'],
    ['ff', 'ff'],
  ] as const) {
    const listened = listen();
    listened.push(`${bytes}f90205`);
    assert.equal(listened.messages, ['f90205']);
    assert.is(listened.noise.join(''), noise);
    assert.is(listened.health.noiseBytes, noise.length / 2);
    assert.is(listened.health.resyncs, 1);
  }
});

reader('holds no more than the longest message', () => {
  const { messages, noise, push, health } = listen();
  push(`f0${'01'.repeat(4094)}f7`);
  assert.is(messages.length, 1);
  push(`f0${'01'.repeat(4095)}f7`);
  assert.is(messages.length, 1);
  assert.is(noise.join('').length / 2, health.noiseBytes);
  assert.is(health.noiseBytes, 4097);
});

reader('loses no byte: each is in a message, in noise, or waits', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), (chunks) => {
      const { messages, noise, reader } = listen();
      for (const chunk of chunks) reader.push(chunk);
      const heard = [...messages, ...noise].join('').length / 2;
      const sent = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
      const before = heard;
      reader.push(Uint8Array.of(0xff)); // ends what waits
      const after = [...messages, ...noise].join('').length / 2;
      assert.is(after, sent + 1);
      assert.ok(after - before <= 4097);
      for (const message of messages) assert.match(message, /^(f0([0-7].)*f7|([9e].|f9)([0-7].){2})$/);
    }),
    { seed: 7 },
  );
});

const firmware = suite('firmwareOf');

firmware('reads name and version, and takes no more than a name of ours', () => {
  const report = (name: string): Uint8Array =>
    Uint8Array.from([0xf0, 0x79, 2, 5, ...[...name].flatMap((letter) => [letter.charCodeAt(0), 0]), 0xf7]);
  assert.equal(firmwareOf(report('StandardFirmata.ino')), { name: 'StandardFirmata.ino', version: '2.5' });
  assert.is(firmwareOf(report('x'.repeat(500))).name.length, 64);
  assert.is(firmwareOf(report('a\u0007b')).name, 'ab');
  assert.equal(firmwareOf(Uint8Array.of(0xf0, 0x79, 0xf7)).name, 'Firmata');
});

reader.run();
firmware.run();
