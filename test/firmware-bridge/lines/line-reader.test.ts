import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LINE_BYTES_MAX, LineReader } from '../../../firmware-bridge/lines/line-reader.ts';

type Read = { lines: string[]; noise: number; reasons: string[] };

/** The parser hands over what it got before it was listened to a turn later. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const read = async (chunks: readonly Uint8Array[], beginsInside = false): Promise<Read> => {
  const got: Read = { lines: [], noise: 0, reasons: [] };
  const reader = new LineReader(
    {
      onLine: (line, end) => {
        const text = line.subarray(0, end);
        if (!reader.split(text)) got.lines.push(text.toString());
      },
      onNoise: (bytes, refusal) => {
        got.noise += bytes.length;
        if (refusal !== undefined) got.reasons.push(`${refusal.code}: ${refusal.detail}`);
      },
    },
    { beginsInside },
  );
  for (const chunk of chunks) reader.push(chunk);
  await settled();
  reader.end();
  return got;
};

const bytes = (text: string): Uint8Array => Buffer.from(text);
const lines = async (text: string): Promise<string[]> => (await read([bytes(text)])).lines;

const reader = suite('LineReader');

reader('ends a line at LF, CR or both, and knows no empty line', async () => {
  const three = ['a', 'b', 'c'];
  assert.equal(await lines('a\nb\nc\n'), three);
  assert.equal(await lines('a\r\nb\r\nc\r\n'), three);
  assert.equal(await lines('a\rb\rc\r'), three);
  assert.equal(await lines('\r\n\na\n\r\n\rb\n\n\nc\r\r\n'), three);
  assert.equal(await lines('a\rb\nc\r\n'), three);
});

reader('holds what has no end, and counts it as noise when the line is lost', async () => {
  const got = await read([bytes('a\nbc'), bytes('de')]);
  assert.equal(got, { lines: ['a'], noise: 4, reasons: [] });
});

reader('leaves out what began before it listened', async () => {
  assert.equal(await read([bytes('5.3'), bytes(',7\r\na\n')], true), { lines: ['a'], noise: 5, reasons: [] });
  assert.equal(await read([bytes('\na\n')], true), { lines: ['a'], noise: 0, reasons: [] });
});

reader('takes a line of the maximum, and cuts one that is a byte longer', async () => {
  const most = 'x'.repeat(LINE_BYTES_MAX);
  assert.equal((await read([bytes(`${most}\nb\n`)])).lines, [most, 'b']);
  const got = await read([bytes(`a\n${most}x\nb\n`)]);
  assert.equal(got.lines, ['a', 'b']);
  assert.is(got.noise, LINE_BYTES_MAX + 1);
  assert.match(
    got.reasons.join('|'),
    /^frame-too-long: more than 4096 bytes without the end of a line[^|]*$/,
  );
});

reader('tells once of a line that never ends, and keeps none of it', async () => {
  const got = await read(Array.from({ length: 1000 }, () => Buffer.alloc(5000, 'x')));
  assert.equal(got.lines, []);
  assert.is(got.reasons.length, 1);
  assert.is(got.noise, 5_000_000);
});

reader('needs no more memory for 64 MB without an end than for none', async () => {
  const chunk = Buffer.alloc(16_384, 0xaa);
  const reader = new LineReader({ onLine: () => {}, onNoise: () => {} }, { beginsInside: false });
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 4096; i++) reader.push(chunk);
  assert.ok(process.memoryUsage().arrayBuffers - before < 1_000_000);
});

reader('puts a character together that came in two pieces', async () => {
  const [first, ...rest] = bytes('°C\n');
  assert.equal((await read([Uint8Array.of(first!), Uint8Array.from(rest)])).lines, ['°C']);
});

reader('cuts the zeros that a break leaves in front of a line', async () => {
  assert.equal(await read([bytes('\0\0a\n\0\nb\0c\n')]), { lines: ['a', 'b\0c'], noise: 3, reasons: [] });
});

reader('takes zeros for noise wherever a line begins', async () => {
  const got = await read([bytes('a\r\0\0b\n\0\n')]);
  assert.equal([got.lines, got.noise], [['a', 'b'], 3]);
});

reader('reads the same however the bytes come', async () => {
  const piece = fc.oneof(
    fc.constantFrom('\r', '\n', '\r\n', '\0', '°', 'x'.repeat(LINE_BYTES_MAX - 2), 'x'.repeat(3000)),
    fc.string({ maxLength: 6 }),
  );
  const input = fc.array(piece, { maxLength: 12 }).map((pieces) => bytes(pieces.join('')));
  const rough = fc.tuple(input, fc.uint8Array({ maxLength: 8 }), input).map((parts) => Buffer.concat(parts));
  await fc.assert(
    fc.asyncProperty(
      rough,
      fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1 }),
      async (all, sizes) => {
        const chunks: Uint8Array[] = [];
        for (let at = 0, i = 0; at < all.length; i++) {
          const size = sizes[i % sizes.length]!;
          chunks.push(all.subarray(at, at + size));
          at += size;
        }
        assert.equal(await read(chunks), await read([all]));
      },
    ),
    { numRuns: 300 },
  );
});

reader.run();
