import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { firmataIn, framesIn, textIn } from '../../../firmware-bridge/discovery/speech.ts';
import { encodeFrame } from '../../../schemas/frame.ts';
import { encodeSerial } from '../../../schemas/serial.ts';
import { ScriptedBoard } from '../scripted-board.ts';

const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const identity = encodeFrame(encodeSerial(new ScriptedBoard().identity(7)));

const frames = suite('framesIn');

frames('finds an identity behind a boot message', () => {
  const speech = framesIn(Buffer.concat([bytesOf('ets Jan 8 2013\r\n\0'), identity]));
  assert.ok(speech !== undefined && 'identity' in speech);
  assert.is(speech.identity.board, 'scripted');
});

frames('finds a firmware of another protocol', () => {
  const speech = framesIn(encodeFrame(Uint8Array.of(0x83, 1, 1, 0)));
  assert.match(speech !== undefined && 'foreign' in speech ? speech.foreign : '', /protocol 1, this host 2/);
});

frames('finds nothing in half an identity', () =>
  assert.is(framesIn(identity.subarray(0, identity.length - 3)), undefined),
);

frames.run();

const firmata = suite('firmataIn');
/** What StandardFirmata 2.5 says: its version, then its name. */
const NAME = [...'StandardFirmata.ino'].flatMap((letter) => [letter.charCodeAt(0), 0]);

firmata('finds the report of a firmware, its name in pairs of 7 bits', () =>
  assert.equal(firmataIn(Uint8Array.from([0xf9, 2, 5, 0xf0, 0x79, 2, 5, ...NAME, 0xf7])), {
    firmware: 'StandardFirmata.ino',
    version: '2.5',
  }),
);

firmata('finds one without a name', () =>
  assert.equal(firmataIn(Uint8Array.of(0xf0, 0x79, 2, 3, 0xf7)), { firmware: '', version: '2.3' }),
);

firmata('lets no name write to a terminal', () =>
  assert.is(firmataIn(Uint8Array.of(0xf0, 0x79, 2, 3, 0x1b, 0, 0x5b, 0, 0xf7))?.firmware, '?['),
);

firmata('takes neither a question nor half an answer for one', () => {
  assert.is(firmataIn(Uint8Array.of(0xf0, 0x79, 0xf7)), undefined);
  assert.is(firmataIn(Uint8Array.from([0xf0, 0x79, 2, 5, ...NAME])), undefined);
});

firmata.run();

const text = suite('textIn');

const heard = (...lines: string[]): ReturnType<typeof textIn> =>
  textIn(bytesOf(`cut off\r\n${lines.join('\r\n')}\r\nand th`));

text('knows NMEA by its checksum alone', () => {
  assert.equal(heard('$GPGGA,1,2', '$WIMWV,214.8,R,0.1,K,A*28'), {
    ...{ format: 'nmea', delimiter: null, fields: [], sample: '$WIMWV,214.8,R,0.1,K,A*28' },
  });
  assert.is.not(heard('$WIMWV,214.8,R,0.1,K,A*29')?.format, 'nmea');
});

text('knows an Ultimeter', () => assert.is(heard(`!!${'0010'.repeat(12)}`)?.format, 'ultimeter'));

text('names the pointers of numbers in JSON', () =>
  assert.equal(heard('{"id":"a/b","out":{"temp":21.5,"a/b":1},"list":[3]}')?.fields, [
    '/out/temp',
    '/out/a~1b',
    '/list/0',
  ]),
);

text('names the keys of numbers', () => {
  assert.equal(heard('temp=21.5 hum=40 name=roof')?.fields, ['temp', 'hum']);
  assert.equal(heard('0R0,Ta=23.3C,Ua=37.5P')?.fields, ['Ta', 'Ua']);
  assert.equal(heard('Temp: 21.5 C, Hum: 40 %')?.fields, ['Temp', 'Hum']);
});

text('numbers the columns that hold numbers in every row', () => {
  const speech = heard('a,21.5,40,ok', 'b,21.6,41,ok');
  assert.equal([speech?.format, speech?.delimiter, speech?.fields], ['csv', 'comma', ['2', '3']]);
  assert.is(heard('1;2', '3;4')?.delimiter, 'semicolon');
});

text('takes prose, a shell and the wrong speed for none', () => {
  assert.is(heard('Welcome to Linux, please log in', 'login'), undefined);
  assert.is(heard('\xfe\x80\xf8x\x06\x9e\xe6'), undefined);
});

text('has few fields of a long line', () =>
  assert.is(heard(Array.from({ length: 100 }, (_, i) => `k${i}=${i}`).join(' '))?.fields.length, 16),
);

text('survives any bytes, as the others do', () =>
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      textIn(bytes);
      firmataIn(bytes);
      assert.is(framesIn(bytes), undefined);
    }),
    { numRuns: 2000 },
  ),
);

text.run();
