/** The suites of the bench: what a bad board does wrong is found by the suite that is about it. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Wire } from '../../hardware/bench/rig/rig-file.ts';
import type { SerialMessage } from '../../schemas/serial.ts';
import { failures, NOBODY, run } from './bench-run.ts';
import type { Lie } from './liar.ts';

/** Some lies are that nothing comes: the shorter, the sooner they are found. */
const PATIENCE_MS = 8000;

const bad = suite('a bad board');

const is = <T extends SerialMessage['type']>(
  message: SerialMessage,
  type: T,
): message is Extract<SerialMessage, { type: T }> => message.type === type;

let taken = 0;

const LIES: readonly {
  readonly what: string;
  readonly board: 'station' | 'valve';
  readonly suite: string;
  readonly found: RegExp;
  readonly lie: Lie;
  readonly wired?: readonly Wire[];
}[] = [
  {
    what: 'has not what is wired to it',
    board: 'station',
    suite: 'identify',
    found: /no sensor rain among sensor temperature/,
    lie: {},
    wired: [{ ...NOBODY, sensor: 'rain' }],
  },
  {
    what: 'tells another serial number each time',
    board: 'valve',
    suite: 'identify',
    found: /hello 2 was answered/,
    lie: {
      says: (message) =>
        is(message, 'identity') ? [{ ...message, serial: new Uint8Array(8).fill(taken++ & 255) }] : [message],
    },
  },
  {
    what: 'acknowledges a period and does not keep it',
    board: 'valve',
    suite: 'periods',
    found: /falls silent at period 0.*readings came at period 0/,
    lie: {
      hears: (message) =>
        is(message, 'period') && message.periodMs === 0 ? { ...message, periodMs: 100 } : message,
    },
  },
  {
    what: 'measures what cannot be there',
    board: 'station',
    suite: 'readings',
    found: /wind reads .* m\/s, wired for 3 to 5/,
    lie: {
      says: (message) =>
        is(message, 'reading') && message.channel === 3 ? [{ ...message, mantissa: 99 }] : [message],
    },
  },
  {
    what: 'leaves out a reading',
    board: 'valve',
    suite: 'readings',
    found: /arrive whole.* readings lost/,
    lie: { says: (message) => (is(message, 'reading') && message.seq % 50 === 49 ? [] : [message]) },
  },
  {
    what: 'acknowledges a command and does nothing',
    board: 'valve',
    suite: 'commands',
    found: /valve did not read 1/,
    lie: { says: (message) => (is(message, 'reading') ? [{ ...message, mantissa: 0 }] : [message]) },
  },
  {
    what: 'sends readings to a host of another protocol',
    board: 'station',
    suite: 'protocol',
    found: /readings were sent to it/,
    lie: { hears: (message) => (is(message, 'hello') ? { ...message, protocol: 2 } : message) },
  },
  {
    what: 'talks before anybody greeted it',
    board: 'station',
    suite: 'restart',
    found: /it said fault before anybody greeted it/,
    lie: {
      says: (message) =>
        is(message, 'identity') && message.nonce === 0
          ? [message, { type: 'fault', fault: 1, count: 1 }]
          : [message],
    },
  },
  {
    what: 'delivers more than is paid',
    board: 'station',
    suite: 'meter',
    found: /9 readings came, 8 were due/,
    lie: {
      says: (message) =>
        is(message, 'reading') && message.channel === 0 && message.seq % 8 === 7
          ? [message, { ...message, channel: 1, seq: 500_000 + taken++ }]
          : [message],
    },
  },
];

/** Boards at a time: each is emulated, and what is told in its real time must not wait for too many others. */
const LANES = 3;

const lanes = Array.from({ length: LANES }, () => Promise.resolve(''));
const found = LIES.map(({ board, suite: name, lie, wired }, i) => {
  const before = lanes[i % LANES]!;
  const told = before.then(async () => failures(await run(board, [name], lie, wired, PATIENCE_MS)));
  lanes[i % LANES] = told;
  return told;
});

for (const [i, { what, suite: name, found: words }] of LIES.entries()) {
  bad(`that ${what} is found by ${name}`, async () => {
    assert.match(await found[i]!, words);
  });
}

bad.run();
