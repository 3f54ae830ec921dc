import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Found, type IdentifyOptions, identify } from '../../../firmware-bridge/discovery/identify.ts';
import type { Binding } from '../../../firmware-bridge/port.ts';
import { type Peer, PeerBinding } from '../../../hardware/bench/binding.ts';
import { encodeFrame } from '../../../schemas/frame.ts';
import type { Result } from '../../../schemas/result.ts';
import { ScriptedBoard } from '../scripted-board.ts';

const PATH = '/dev/ttyTest0';

/** Somebody who speaks at one speed; at any other both sides hear garbage. */
class Speaker implements Peer {
  readonly baudRate: number;
  readonly steps: string[] = [];
  readonly speeds: number[] = [];
  readonly #peer: Peer;
  #speed = 0;

  constructor(baudRate: number, peer: Peer) {
    this.baudRate = baudRate;
    this.#peer = peer;
  }

  readonly open = (send: (bytes: Uint8Array) => void): void =>
    this.#peer.open((bytes) =>
      send(this.#speed === this.baudRate ? bytes : bytes.map((byte) => (byte * 7) | 0x80)),
    );
  readonly receive = (bytes: Uint8Array): void => {
    if (this.#speed === this.baudRate) this.#peer.receive(bytes);
  };
  readonly close = (): void => this.#peer.close();

  async identify(wish: Partial<IdentifyOptions> = {}): Promise<Result<Found>> {
    const ports = new PeerBinding();
    ports.plug(PATH, this);
    const binding: Binding = {
      list: () => ports.list(),
      open: (options) => {
        this.#speed = options.baudRate;
        this.speeds.push(options.baudRate);
        return ports.open(options);
      },
    };
    const patience = { answer: 60, talk: 60 };
    return identify({ path: PATH, binding, patience, onStep: (step) => this.steps.push(step), ...wish });
  }
}

/** An instrument that says its line over and over. */
const talker = (line: string): Peer => {
  let timer: NodeJS.Timeout | undefined;
  return {
    open: (send) => {
      timer = setInterval(() => send(Buffer.from(`${line}\r\n`, 'latin1')), 5);
    },
    receive: () => {},
    close: () => clearInterval(timer),
  };
};

/** What a board with Firmata answers when it is asked. */
const firmata = (): Peer => {
  let say: (bytes: Uint8Array) => void = () => {};
  return {
    open: (send) => {
      say = send;
    },
    receive: (bytes) => {
      if (Buffer.from(bytes).includes(Buffer.of(0xf0, 0x79, 0xf7)))
        say(Uint8Array.of(0xf0, 0x79, 2, 6, 0x41, 0, 0x42, 0, 0xf7));
    },
    close: () => {},
  };
};

const found = (result: Result<Found>): Found => {
  if (!result.ok) throw new Error(`${result.code}: ${result.detail}`);
  return result.value;
};

const test = suite('identify');

test('asks a board with our firmware, and asks nothing else', async () => {
  const board = new ScriptedBoard();
  const speaker = new Speaker(115_200, board);
  const one = found(await speaker.identify());
  assert.is(one.driver === 'frames' ? one.identity.board : '', 'scripted');
  assert.equal(speaker.steps, ['our firmware']);
  assert.equal([...new Set(board.heard.map((message) => message.type))], ['hello']);
});

test('asks again where a boot loader took the question', async () => {
  const board = new ScriptedBoard();
  board.answer = (message) => (board.heard.length < 2 ? undefined : board.usual(message));
  const one = found(await new Speaker(115_200, board).identify({ patience: { answer: 5000, talk: 60 } }));
  assert.is(one.driver, 'frames');
});

test('tells a firmware of ours in another version, and both', async () => {
  const board = new ScriptedBoard();
  board.answer = () => {
    board.sendBytes(encodeFrame(Uint8Array.of(0x83, 1, 1, 0)));
    return undefined;
  };
  const one = found(await new Speaker(115_200, board).identify());
  assert.match(one.driver === 'frames-foreign' ? one.detail : '', /speaks protocol 1, this host 2/);
});

test('asks a board with Firmata at its speed', async () =>
  assert.equal(found(await new Speaker(57_600, firmata()).identify()), {
    ...{ driver: 'firmata', firmware: 'AB', version: '2.6', baudRate: 57_600 },
  }));

test('finds the speed of an instrument that only talks', async () => {
  for (const baudRate of [4800, 9600, 38_400]) {
    const one = found(await new Speaker(baudRate, talker('$WIMWV,214.8,R,0.1,K,A*28')).identify());
    assert.equal(one.driver === 'lines' && [one.text.format, one.baudRate], ['nmea', baudRate]);
  }
});

test('does not take a boot message for an instrument while an answer may come', async () => {
  const board = new ScriptedBoard();
  const say = board.open;
  const booting: Peer = {
    open: (send) => {
      say(send);
      send(Buffer.from('\r\nrst cause:2, boot mode:3\r\nload=1\r\n\0', 'latin1'));
    },
    receive: board.receive,
    close: board.close,
  };
  assert.is(found(await new Speaker(115_200, booting).identify()).driver, 'frames');
});

test('tells silence from what is not understood', async () => {
  const silent = { open: () => {}, receive: () => {}, close: () => {} };
  assert.equal(found(await new Speaker(9600, silent).identify()), { driver: null, heard: 0, baudRate: 0 });
  const babble = found(await new Speaker(1200, talker('xxxxxxxx')).identify());
  assert.ok(babble.driver === null && babble.heard > 0);
});

test('ends when its time is over', async () => {
  const silent = { open: () => {}, receive: () => {}, close: () => {} };
  const speaker = new Speaker(9600, silent);
  found(await speaker.identify({ timeoutMs: 50, patience: { answer: 10_000, talk: 10_000 } }));
  assert.equal(speaker.steps, ['our firmware']);
});

test('passes on why a port does not open', async () => {
  const missing = await identify({ path: '/dev/ttyNowhere' });
  assert.is(missing.ok ? '' : missing.code, 'port-missing');
});

test.run();
