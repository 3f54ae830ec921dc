import { chanceOf } from '../../hardware/bench/chance.ts';
/** Faults of a line: what each does to bytes, to their time, and to a port. */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openPort } from '../../firmware-bridge/port.ts';
import { type Peer, PeerBinding } from '../../hardware/bench/binding.ts';
import {
  FAULT_KINDS,
  type Fault,
  type FaultKind,
  faultOf,
  misread,
  readFault,
  spoil,
} from '../../hardware/bench/faults.ts';
import { FaultyBinding } from '../../hardware/bench/faulty-binding.ts';
import { FaultyLine } from '../../hardware/bench/faulty-line.ts';

const BAUD = 115_200;
const SPOILERS: readonly FaultKind[] = ['garbage', 'flips', 'drops', 'doubles'];
const bytesOf = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i);

const reading = suite('readFault');

reading('takes every kind, with its usual amount or another', () => {
  for (const kind of FAULT_KINDS) {
    const usual = readFault(kind);
    assert.equal(usual.ok && usual.value, faultOf(kind));
  }
  const given = readFault('flips:7');
  assert.equal(given.ok && given.value, { kind: 'flips', amount: 7 });
});

for (const [text, sentence] of [
  ['melt', /no fault "melt": garbage, flips, drops/],
  ['flips:0', /flips:0: one per so many bytes, from 1 to 1000000/],
  ['flips:many', /flips:many/],
  ['baud:12', /baud:12: baud, from 300 to 2000000/],
  ['stall:3', /stall has no amount/],
] as const) {
  reading(`refuses ${text} and says what there is`, () => {
    const refused = readFault(text);
    assert.is(refused.ok ? '' : refused.code, 'config-invalid');
    assert.match(refused.ok ? '' : refused.detail, sentence);
  });
}

const spoiling = suite('spoil');

const chunked = (bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] => {
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...ends, bytes.length].map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end));
};

for (const kind of SPOILERS) {
  spoiling(`${kind}: one seed spoils the same bytes, however they come in chunks`, () => {
    const fault: Fault = { kind, amount: 4 };
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.array(fc.nat(), { maxLength: 5 }),
        fc.nat(),
        (bytes, cuts, seed) => {
          const whole = spoil(bytes, fault, BAUD, chanceOf(seed));
          const chance = chanceOf(seed);
          const parts = chunked(bytes, cuts).map((part) => spoil(part, fault, BAUD, chance));
          assert.equal(Buffer.concat(parts), Buffer.from(whole));
        },
      ),
    );
  });

  spoiling(`${kind}: as often as its amount says, and otherwise nothing`, () => {
    const bytes = new Uint8Array(100_000).fill(0xa5);
    const spoiled = spoil(bytes, { kind, amount: 50 }, BAUD, chanceOf(7));
    const wrong = spoiled.filter((byte) => byte !== 0xa5).length;
    const events = {
      garbage: spoiled.length - bytes.length,
      drops: bytes.length - spoiled.length,
      doubles: spoiled.length - bytes.length,
      flips: wrong,
    }[kind as 'garbage' | 'drops' | 'doubles' | 'flips'];
    assert.ok(events > 1700 && events < 2300, `${events} times`); // 2,000 expected, 44 is one sigma
    if (kind === 'drops' || kind === 'doubles') assert.is(wrong, 0);
    if (kind === 'flips') assert.is(spoiled.length, bytes.length);
  });
}

spoiling('flips turn over one bit', () => {
  const spoiled = spoil(new Uint8Array(1000), { kind: 'flips', amount: 3 }, BAUD, chanceOf(1));
  for (const byte of spoiled) assert.is(byte & (byte - 1), 0);
  assert.is(new Set(spoiled).size, 9, 'each of the eight bits, and none');
});

spoiling('leaves bytes alone where a fault is in their time', () => {
  for (const kind of ['slow', 'stall', 'babble'] as const)
    assert.equal(spoil(bytesOf(256), faultOf(kind), BAUD, chanceOf(1)), bytesOf(256));
});

const uart = suite('misread');

uart('reads what was sent where the speeds agree, also 4 % off', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 96, max: 104 }), (bytes, percent) => {
      // Back to back, as here, a receiver that is slower by more than half a bit in ten would miss a start.
      const receiver = (BAUD * percent) / 100;
      assert.equal(misread(bytes, BAUD, receiver), bytes);
    }),
  );
});

// Drawn by hand: each bit of the sender is `width` bits of the receiver, the samples lie in the middle of the latter.
for (const [sent, receiver, received, why] of [
  [[0xff], BAUD / 2, [], 'a start bit of half the length is a dip'],
  [[0x00], BAUD / 2, [0xf8], 'nine low bits are a start bit and three and a half zeros'],
  [[0x00], BAUD * 2, [0x00], 'eighteen low bits: zeros, and a stop bit that is missing'],
  [[0xff], BAUD * 2, [0xfe], 'two low bits: the start bit and a zero'],
  [[0x0f], BAUD * 2, [0xfe, 0x80], 'two low bits, eight high ones, eight low ones, then high'],
] as const) {
  uart(`makes ${JSON.stringify(received)} of ${JSON.stringify(sent)} at ${receiver} baud: ${why}`, () => {
    assert.equal([...misread(Uint8Array.from(sent), BAUD, receiver)], [...received]);
  });
}

const line = suite('FaultyLine');

/** What arrived at either end, and a promise of as much of it. */
class Ends {
  readonly line: FaultyLine;
  host: number[] = [];
  board: number[] = [];
  #wake: () => void = () => {};

  constructor(seed = 1) {
    const into = (end: 'host' | 'board') => (bytes: Uint8Array) => {
      this[end].push(...bytes);
      this.#wake();
    };
    this.line = new FaultyLine({ baudRate: BAUD, seed, toHost: into('host'), toBoard: into('board') });
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds())
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
  }
}

line('passes everything both ways at once while nothing is wrong', () => {
  const ends = new Ends();
  ends.line.fromBoard(bytesOf(256));
  ends.line.fromHost(bytesOf(9));
  assert.equal(ends.host, [...bytesOf(256)]);
  assert.equal(ends.board, [...bytesOf(9)]);
});

line('holds what a stalled line is sent, and delivers it when that ends, in order', () => {
  const ends = new Ends();
  ends.line.begin(faultOf('stall'));
  ends.line.fromBoard(bytesOf(5));
  ends.line.fromBoard(bytesOf(3));
  assert.equal(ends.host, []);
  ends.line.end();
  assert.equal(ends.host, [0, 1, 2, 3, 4, 0, 1, 2]);
});

line('holds a second of bytes and loses the rest', () => {
  const ends = new Ends();
  ends.line.begin(faultOf('stall'));
  for (let i = 0; i < 100; i++) ends.line.fromBoard(bytesOf(200));
  ends.line.end();
  assert.is(ends.host.length, 11_520);
});

line('delivers a slow line little by little, nothing lost', async () => {
  const ends = new Ends();
  ends.line.begin({ kind: 'slow', amount: 2000 });
  const sent = bytesOf(50);
  const beganMs = performance.now();
  ends.line.fromBoard(sent);
  assert.equal(ends.host, []);
  await ends.until(() => ends.host.length > 0);
  assert.ok(ends.host.length < sent.length, `${ends.host.length} at once`);
  await ends.until(() => ends.host.length === sent.length);
  assert.ok(performance.now() - beganMs >= 15, 'fifty bytes at 2,000 a second take 25 ms');
  assert.equal(ends.host, [...sent]);
  ends.line.end();
});

line('babbles at the host until it ends, and lets the board hear', async () => {
  const ends = new Ends();
  ends.line.begin({ kind: 'babble', amount: 100_000 });
  await ends.until(() => ends.host.length > 2000);
  ends.line.fromHost(bytesOf(4));
  assert.equal(ends.board, [0, 1, 2, 3]);
  ends.line.end();
  assert.ok(new Set(ends.host).size > 200, 'every byte there is');
  const said = ends.host.length;
  ends.line.fromBoard(bytesOf(2));
  assert.equal(ends.host.slice(said), [0, 1]);
});

line('spoils both ways, each by its own chance', () => {
  const ends = new Ends();
  ends.line.begin({ kind: 'flips', amount: 2 });
  ends.line.fromBoard(new Uint8Array(100));
  ends.line.fromHost(new Uint8Array(100));
  assert.ok(ends.host.some((byte) => byte !== 0) && ends.board.some((byte) => byte !== 0));
  assert.not.equal(ends.host, ends.board);
});

const binding = suite('FaultyBinding');

/** Says back what it hears. */
const echo = (): Peer => {
  let send = (_bytes: Uint8Array): void => {};
  return {
    open: (to) => {
      send = to;
    },
    receive: (bytes) => send(bytes),
    close: () => {},
  };
};

const openEcho = async (faulty: FaultyBinding) => {
  const heard: number[] = [];
  let wake = (): void => {};
  let onClose = (): void => {};
  const closed = new Promise<void>((resolve) => {
    onClose = resolve;
  });
  const opened = await openPort(
    { path: 'echo', baudRate: BAUD, binding: faulty },
    {
      onData: (bytes) => {
        heard.push(...bytes);
        wake();
      },
      onClose,
    },
  );
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds())
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
  };
  return { opened, heard, closed, until };
};

const echoBinding = (): PeerBinding => {
  const inner = new PeerBinding();
  inner.plug('echo', echo());
  return inner;
};

binding('is the port it wraps while nothing is wrong, and hears what is said at the board', async () => {
  const tapped: string[] = [];
  const faulty = new FaultyBinding(echoBinding(), 1, (from, bytes) =>
    tapped.push(`${from} ${Buffer.from(bytes).toString('hex')}`),
  );
  const { opened, heard, until } = await openEcho(faulty);
  assert.ok(opened.ok);
  opened.value.write(bytesOf(3));
  await until(() => heard.length === 3);
  assert.equal(heard, [0, 1, 2]);
  assert.equal(tapped, ['host 000102', 'board 000102']);
  await opened.value.close();
});

binding('fails an open port when it is unplugged, and opens none until it is back', async () => {
  const faulty = new FaultyBinding(echoBinding(), 1);
  const first = await openEcho(faulty);
  assert.ok(first.opened.ok);
  faulty.begin(faultOf('unplug'));
  await first.closed;
  const gone = await openEcho(faulty);
  assert.is(gone.opened.ok ? '' : gone.opened.code, 'port-missing');
  faulty.end();
  const back = await openEcho(faulty);
  assert.ok(back.opened.ok);
  await back.opened.value.close();
});

binding('keeps a fault from one opening to the next', async () => {
  const faulty = new FaultyBinding(echoBinding(), 1);
  faulty.begin(faultOf('stall'));
  const { opened, heard, until } = await openEcho(faulty);
  assert.ok(opened.ok);
  opened.value.write(bytesOf(3));
  assert.equal(heard, []);
  faulty.end();
  await until(() => heard.length === 3);
  await opened.value.close();
});

binding('refuses to pull a reset through a port that is not open', async () => {
  try {
    await new FaultyBinding(echoBinding(), 1).pulseReset();
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, /no port is open/);
  }
});

reading.run();
spoiling.run();
uart.run();
line.run();
binding.run();
