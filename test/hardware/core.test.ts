/** The portable part of the firmware, compiled for this machine, against the vectors and the TypeScript. */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHex, toHex } from '../../schemas/bytes.ts';
import { encodeFrame, FrameDecoder } from '../../schemas/frame.ts';
import { vectorsOf } from '../schemas/vectors.ts';
import { buildCoreHost } from './core-host.ts';

const host = buildCoreHost();
const portable = suite('portable C');

/** Questions and what must be answered, all in one run of the program. */
const expectAnswers = (pairs: readonly (readonly [question: string, answer: string])[]): void => {
  assert.ok(pairs.length > 0);
  const answers = host!.ask(pairs.map(([question]) => question));
  assert.equal(
    answers,
    pairs.map(([, answer]) => answer),
  );
};

type Message = Record<string, number | string | readonly unknown[]> & { readonly type: string };
type Vectors = {
  readonly good: readonly { readonly name: string; readonly message: Message; readonly bytes: string }[];
  readonly bad: readonly { readonly name: string; readonly bytes: string }[];
};

const zerosAndRuns = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 40 }),
  fc.uint8Array({ min: 0, max: 1, minLength: 1, maxLength: 40 }),
  fc.integer({ min: 245, max: 515 }).map((length) => new Uint8Array(length).fill(7)),
);

/** What the frame decoder of the schemas makes of a stream, in the words of the C program. */
const decoded = (stream: Uint8Array, messageBytesMax: number): string => {
  const words: string[] = [];
  let noiseEnd = -1;
  const decoder = new FrameDecoder(messageBytesMax);
  // One push per frame, so that noise in pieces is told apart from noise in a row.
  for (let at = 0; at < stream.length; ) {
    const zero = stream.indexOf(0, at);
    const end = zero < 0 ? stream.length : zero + 1;
    decoder.push(
      stream.subarray(at, end),
      (message) => words.push(toHex(message)),
      () => {
        if (noiseEnd !== end && zero >= 0) words.push('noise');
        noiseEnd = end;
      },
    );
    at = end;
  }
  return words.join(' ');
};

const framed = (bytes: string): string => toHex(encodeFrame(fromHex(bytes)!));

if (host !== undefined) {
  portable.after(host.remove);

  portable('gives the check value of CRC-32', () =>
    expectAnswers([[`crc ${Buffer.from('123456789').toString('hex')}`, 'cbf43926']]),
  );

  portable('frames as the schemas do', () => {
    const messages = fc.sample(zerosAndRuns, 300);
    expectAnswers(messages.map((message) => [`frame ${toHex(message)}`, toHex(encodeFrame(message))]));
  });

  portable('sends a frame whole or not at all', () => {
    const messages = fc.sample(zerosAndRuns, 100);
    expectAnswers(
      messages.flatMap((message) => {
        const frame = encodeFrame(message);
        const ask = `frame ${toHex(message)}`;
        const rooms = [frame.length - 1, frame.length].map((room) => [`room ${room}`, `${room}`] as const);
        return [rooms[0]!, [ask, '-'], rooms[1]!, [ask, toHex(frame)], ['room 8192', '8192']] as const;
      }),
    );
  });

  portable('finds the messages and the noise that the schemas find', () => {
    const piece = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 14 }).map(encodeFrame),
      fc.uint8Array({ minLength: 15, maxLength: 300 }).map(encodeFrame),
      fc.uint8Array({ minLength: 1, maxLength: 30, min: 1 }),
      fc.constant(new Uint8Array(1)),
    );
    const streams = fc.sample(fc.array(piece, { minLength: 1, maxLength: 8 }), 300);
    expectAnswers(
      streams.map((pieces) => {
        const stream = new Uint8Array(Buffer.concat(pieces));
        return [`unframe ${14 + 4} ${toHex(stream)}`, decoded(stream, 14)];
      }),
    );
  });

  const vectors = vectorsOf<Vectors>('serial');
  const ofType = (...types: string[]) => vectors.good.filter(({ message }) => types.includes(message.type));

  portable('writes the readings, acknowledgements and faults of the vectors', () =>
    expectAnswers(
      ofType('reading', 'ack', 'fault').map(({ message, bytes }) => {
        const { type, ...fields } = message;
        return [`${type} ${Object.values(fields).join(' ')}`, framed(bytes)];
      }),
    ),
  );

  portable('writes the identities of the vectors', () =>
    expectAnswers(
      ofType('identity').map(({ message, bytes }) => {
        const present = (message.capabilities as { channel: number }[]).reduce(
          (set, one) => set | (1 << one.channel),
          0,
        );
        return [`identity ${message.board} ${message.nonce} ${message.serial} ${present}`, framed(bytes)];
      }),
    ),
  );

  portable('reads the requests of the vectors', () => {
    const kinds: Record<string, number> = { hello: 0, command: 3, period: 5 };
    expectAnswers(
      ofType('hello', 'command', 'period').map(({ message: m, bytes }) => [
        `request ${bytes}`,
        [kinds[m.type], m.id ?? m.nonce, m.channel ?? 0, m.value ?? 0, m.protocol ?? m.periodMs ?? 0].join(
          ' ',
        ),
      ]),
    );
  });

  portable('takes no other bytes for a request', () => {
    const bad = vectors.bad.map(({ bytes }) => bytes);
    const boards = ofType('identity', 'reading', 'ack', 'fault').map(({ bytes }) => bytes);
    const cut = ofType('hello', 'command', 'period').flatMap(({ bytes }) =>
      Array.from({ length: bytes.length / 2 - 1 }, (_, i) => bytes.slice(0, 2 * (i + 1))),
    );
    const inRange = (bytes: string): boolean => !bytes.startsWith('8405'); // link.c knows the range of a period
    const answers = host.ask([...bad.filter(inRange), ...boards, ...cut].map((bytes) => `request ${bytes}`));
    for (const answer of answers) assert.is(answer.split(' ')[0], '255');
  });

  portable('survives any bytes as a request', () => {
    const answers = host.ask(
      fc
        .sample(fc.uint8Array({ minLength: 1, maxLength: 20 }), 2000)
        .map((bytes) => `request ${toHex(bytes)}`),
    );
    assert.is(answers.length, 2000);
  });

  // BMP280 datasheet BST-BMP280-DS001 section 3.12; the humidity constants are a sensor's.
  const CALIBRATION = [27504, 26435, -1000, 36477, -10685, 3024, 2855, 140, -7, 15500, -14600, 6000];
  const HUMIDITY = [75, 370, 0, 313, 50, 30];
  const compensated = (raws: readonly (readonly [number, number, number])[]): number[][] =>
    host
      .ask(raws.map((raw) => `bme280 ${[...CALIBRATION, ...HUMIDITY, ...raw].join(' ')}`))
      .map((answer) => answer.split(' ').map(Number));

  portable('compensates the example of the datasheet', () => {
    const [fine, temperature, pressure] = compensated([[519888, 415148, 32768]])[0]!;
    assert.is(fine, 128422);
    assert.is(temperature, 2508);
    // The figure prints 25767236, its own 64-bit formula gives 3 less, 0.01 Pa: rounding, as its footnote says.
    assert.is(pressure, 25767233);
  });

  portable('compensates humidity as the double-precision form does, within 0.02 %RH', () => {
    const [h1, h2, h3, h4, h5, h6] = HUMIDITY as [number, number, number, number, number, number];
    const raws = fc.sample(
      fc.tuple(fc.integer({ min: 400000, max: 620000 }), fc.integer({ min: 20000, max: 45000 })),
      500,
    );
    const answers = compensated(raws.map(([rawT, rawH]) => [rawT, 415148, rawH]));
    for (const [i, [, rawH]] of raws.entries()) {
      const x = answers[i]![0]! - 76800;
      const a = rawH - (h4 * 64 + (h5 / 16384) * x);
      const h = a * (h2 / 65536) * (1 + (h6 / 67108864) * x * (1 + (h3 / 67108864) * x));
      const expected = Math.min(Math.max(h * (1 - (h1 * h) / 524288), 0), 100);
      assert.ok(
        Math.abs(answers[i]![3]! / 1024 - expected) < 0.02,
        `${answers[i]![3]! / 1024} for ${expected}`,
      );
    }
  });
}

portable('has a byte for every vector', () => {
  for (const { bytes } of vectorsOf<Vectors>('serial').good) assert.ok(fromHex(bytes)!.length > 0);
});

portable.run();
