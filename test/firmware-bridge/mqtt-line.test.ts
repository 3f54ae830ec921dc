/** Boards of ours on a real broker, which is in this process. */

import type { MqttClient } from 'mqtt';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Board, type FramesOptions, openFrames } from '../../firmware-bridge/frames.ts';
import { encodeFrame } from '../../schemas/frame.ts';
import type { Result } from '../../schemas/result.ts';
import { encodeSerial } from '../../schemas/serial.ts';
import { taken } from '../agent/market.ts';
import { until } from '../wait.ts';
import { onBroker } from './mqtt/radio-peer.ts';
import { BACKOFF, QUIET, TIMING } from './opened.ts';
import { ScriptedBoard, VALVE } from './scripted-board.ts';
import { HomeBroker, type HomeBrokerOptions } from './topic/home-broker.ts';
import { Watch } from './watch.ts';

const TOPIC = 'boards/shed';
const OTHER = Uint8Array.from([9, 9, 9, 9, 9, 9, 9, 9]);

class Shed {
  readonly broker: HomeBroker;
  readonly #clients: MqttClient[] = [];

  constructor(options: HomeBrokerOptions = {}) {
    this.broker = new HomeBroker(options);
  }

  async board(topic = TOPIC): Promise<ScriptedBoard> {
    const board = new ScriptedBoard();
    this.#clients.push(await onBroker(board, this.broker.url, topic));
    return board;
  }

  device(wish: Partial<FramesOptions> = {}, topic = TOPIC): Promise<Result<Board>> {
    const { url } = this.broker;
    return openFrames({ mqtt: { url, topic }, timing: TIMING, backoff: BACKOFF, ...wish });
  }

  publish(payload: string | Uint8Array, retain = false): Promise<void> {
    return this.broker.publish(`${TOPIC}/out`, Buffer.from(payload), retain);
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.end(true);
    await this.broker.close();
  }
}

const inShed =
  (body: (shed: Shed) => Promise<void>, options: HomeBrokerOptions = {}) =>
  async (): Promise<void> => {
    const shed = new Shed(options);
    await shed.broker.open();
    try {
      await body(shed);
    } finally {
      await shed.close();
    }
  };

const readingFrame = (seq: number, mantissa: number): Uint8Array =>
  encodeFrame(encodeSerial({ type: 'reading', channel: 0, seq, mantissa }));

const refusalOf = (opened: Result<Board>): string =>
  opened.ok ? 'opened' : `${opened.code}: ${opened.detail}`;

const line = suite('openFrames over MQTT');

line(
  'is a device as on a wire: identity, readings, commands, periods',
  inShed(async (shed) => {
    const board = await shed.board();
    const device = taken(await shed.device());
    const watch = new Watch(device);
    assert.equal(device.identity, { board: 'scripted', firmware: '1', serial: '0102030405060708' });
    assert.equal(device.capabilities, [VALVE]);
    for (const seq of [0, 1, 3]) board.reading(seq, seq - 2 ** 31);
    await watch.until(() => watch.readings.length === 3);
    assert.equal(
      watch.readings.map((one) => [one.seq, one.mantissa]),
      [0, 1, 3].map((seq) => [seq, seq - 2 ** 31]),
    );
    assert.ok((await device.command(0, 1)).ok);
    assert.ok((await device.setPeriod(0, 250)).ok);
    assert.equal([device.health.lostReadings, device.health.noiseBytes, device.health.strays], [1, 0, 0]);
    await device.close();
  }),
);

line(
  'sends one frame a message, of QoS 0, to be kept by nobody',
  inShed(async (shed) => {
    await shed.board();
    const seen: { readonly qos: number; readonly retain: boolean; readonly payload: Buffer }[] = [];
    shed.broker.onPublish(({ topic, qos, retain, payload }) => {
      if (topic === `${TOPIC}/in`) seen.push({ qos, retain, payload: payload as Buffer });
    });
    const device = taken(await shed.device());
    assert.ok((await device.command(0, 1)).ok);
    assert.ok(seen.length >= 2);
    for (const { qos, retain, payload } of seen) {
      assert.equal([qos, retain], [0, false]);
      assert.is(payload.indexOf(0), payload.length - 1);
    }
    await device.close();
  }),
);

line(
  'gives each reading once, however often it comes',
  inShed(async (shed) => {
    await shed.board();
    const device = taken(await shed.device());
    const watch = new Watch(device);
    for (const seq of [0, 0, 1, 0, 1, 2]) await shed.publish(readingFrame(seq, seq));
    await watch.until(() => watch.readings.length === 3);
    assert.equal(
      watch.readings.map((one) => one.seq),
      [0, 1, 2],
    );
    assert.is(device.health.strays, 3);
    await device.close();
  }),
);

line(
  'takes nothing that the broker had kept, and says how to clear it',
  inShed(async (shed) => {
    const board = await shed.board();
    await shed.publish(encodeFrame(encodeSerial(board.identity(7))), true);
    const silent = { timing: { ...TIMING, open: 1000, hello: 20, greeting: 40 } };
    board.answer = () => undefined;
    assert.match(
      refusalOf(await shed.device(silent)),
      /^timeout: no board answered at boards\/shed on mqtt:/,
    );
    await shed.publish(readingFrame(0, 1), true);
    board.answer = (message) => board.usual(message);
    const device = taken(await shed.device());
    const watch = new Watch(device);
    board.reading(0, 2);
    await watch.until(() => watch.readings.length === 1);
    assert.is(watch.readings[0]!.mantissa, 2);
    await shed.broker.close();
    await watch.until(() => !device.online);
    await shed.broker.open();
    await shed.publish(readingFrame(1, 3), true);
    await watch.until(() => device.online && watch.refused.length > 0);
    assert.match(watch.refused[0]!.detail, /boards\/shed\/out holds a retained message, it is old: clear it/);
    await device.close();
  }),
);

line(
  'passes over what is no frame, and takes the next one',
  inShed(async (shed) => {
    await shed.board();
    const device = taken(await shed.device());
    const watch = new Watch(device);
    const spoiled = readingFrame(0, 1);
    spoiled[2]! ^= 0x40;
    const messages = encodeFrame(Uint8Array.of(0x83, 0x18, 0x63, 0, 0)); // intact, and of no kind
    const bad = [
      'online', // a text, without an end
      '{"temperature":21}',
      spoiled,
      readingFrame(0, 1).subarray(0, 5), // cut off
      new Uint8Array(1034).fill(1),
      messages,
      '',
      new Uint8Array(1035).fill(1), // longer than any frame
      new Uint8Array(3_000_000).fill(7),
    ];
    for (const [i, payload] of bad.entries()) {
      await shed.publish(payload);
      await shed.publish(readingFrame(i, i));
    }
    await watch.until(() => watch.readings.length === bad.length);
    assert.equal(
      watch.readings.map((one) => one.seq),
      bad.map((_, i) => i),
    );
    assert.ok(device.online);
    const noiseBytes = 'online'.length + '{"temperature":21}'.length + spoiled.length - 1 + 5 + 1034;
    assert.is(device.health.noiseBytes, noiseBytes);
    assert.is(device.health.strays, 4);
    assert.match(
      watch.refused.map((one) => one.code).join(' '),
      /object-malformed message-too-long message-too-long$/,
    );
    await device.close();
  }),
);

line(
  'comes back with the broker, and sets again what it had set',
  inShed(async (shed) => {
    const board = await shed.board();
    const device = taken(await shed.device());
    const watch = new Watch(device);
    assert.ok((await device.setPeriod(0, 250)).ok);
    await shed.broker.close();
    await watch.until(() => !device.online);
    assert.is((await device.command(0, 1)).ok, false);
    const asked = board.heardOf('period').length;
    await shed.broker.open();
    await watch.until(() => device.online);
    await board.until(() => board.heardOf('period').length > asked);
    assert.ok((await device.command(0, 1)).ok);
    assert.is(device.health.reconnects, 1);
    await device.close();
  }),
);

line(
  'gives a board up that does not answer, and takes it back as soon as it speaks',
  inShed(async (shed) => {
    const board = await shed.board();
    board.capabilities = [QUIET];
    const timing = { ...TIMING, silence: 30, hello: 10, greeting: 40 };
    const device = taken(await shed.device({ timing, backoff: { first: 600_000, max: 600_000 } }));
    const watch = new Watch(device);
    board.answer = () => undefined;
    await watch.until(() => !device.online);
    const [lost] = watch.states;
    assert.match(
      lost?.online === false ? lost.detail : '',
      /no board answered.*is it on the broker, and may it read boards\/shed\/in/,
    );
    const refused = await device.command(0, 1);
    assert.is(refused.ok ? 'done' : refused.code, 'device-failed');
    assert.equal(board.heardOf('command'), []);
    board.answer = (message) => board.usual(message);
    board.say(board.identity(0)); // it was reset
    await watch.until(() => device.online);
    await device.close();
  }),
);

line(
  'tells two boards on one topic, and sells neither until one is gone',
  inShed(async (shed) => {
    const board = await shed.board();
    const timing = { ...TIMING, hello: 1000 }; // so long a first answer is waited with
    const device = taken(await shed.device({ timing }));
    const watch = new Watch(device);
    const other = await shed.board();
    other.serial = OTHER;
    other.say(other.identity(0));
    await watch.until(() => !device.online);
    const lost = watch.states.at(-1);
    assert.match(
      lost?.online === false ? lost.detail : '',
      /two boards answer at boards\/shed on .*, scripted 0[19]\w+ and scripted 0[19]\w+: give each a place/,
    );
    const greeted = other.heardOf('hello').length;
    await other.until(() => other.heardOf('hello').length > greeted + 5);
    assert.is(watch.states.at(-1), lost, 'one was believed once more');
    board.answer = () => undefined;
    await watch.until(() => device.online);
    assert.is(device.identity.serial, '0909090909090909');
    await device.close();
  }),
);

line(
  'takes no other board for the one it knows before that had time to answer',
  inShed(async (shed) => {
    const board = await shed.board();
    const device = taken(await shed.device({ timing: { ...TIMING, hello: 4000 } }));
    const watch = new Watch(device);
    const other = await shed.board();
    other.serial = OTHER;
    board.answer = () => undefined;
    other.say(other.identity(0));
    await board.until(() => board.heardOf('hello').length === 2);
    await other.until(() => other.heardOf('hello').length === 1);
    const [, hello] = board.heardOf('hello');
    await until(() => device.health.messages >= 3); // the other has announced itself, and answered
    board.say(board.identity(hello?.type === 'hello' ? hello.nonce : 0));
    await watch.until(() => watch.states.length > 0);
    assert.match(JSON.stringify(watch.states[0]), /two boards answer/);
    await device.close();
  }),
);

line(
  'keeps two boards apart that have topics of their own',
  inShed(async (shed) => {
    const boards = [await shed.board('boards/a'), await shed.board('boards/b')];
    boards[1]!.serial = OTHER;
    const devices = [taken(await shed.device({}, 'boards/a')), taken(await shed.device({}, 'boards/b'))];
    const watches = devices.map((device) => new Watch(device));
    for (const [i, board] of boards.entries()) board.reading(0, i);
    for (const [i, watch] of watches.entries()) {
      await watch.until(() => watch.readings.length === 1);
      assert.is(watch.readings[0]!.mantissa, i);
    }
    for (const device of devices) await device.close();
  }),
);

line(
  'refuses another board than the pinned one',
  inShed(async (shed) => {
    await shed.board();
    assert.match(
      refusalOf(await shed.device({ serial: '0909090909090909' })),
      /^device-failed: boards\/shed on .* has scripted 0102030405060708, not the board 0909090909090909/,
    );
    const pinned = taken(await shed.device({ serial: '0102030405060708' }));
    await pinned.close();
  }),
);

const PATIENT = { timing: { ...TIMING, open: 600_000 } };

line(
  'says at once that the broker does not let it in',
  inShed(
    async (shed) =>
      assert.match(
        refusalOf(await shed.device(PATIENT)),
        /^not-authorised: .* refuses the name or the password/,
      ),
    { password: 'secret' },
  ),
);

line(
  'says at once that it may not read the topic',
  inShed(
    async (shed) =>
      assert.match(refusalOf(await shed.device(PATIENT)), /^not-authorised: .* read boards\/shed\/out/),
    { hidden: [`${TOPIC}/out`] },
  ),
);

line('says that there is no broker', async () => {
  const shed = new Shed();
  await shed.broker.open();
  await shed.broker.close();
  const timing = { ...TIMING, open: 500 };
  assert.match(
    refusalOf(await shed.device({ timing })),
    /^device-failed: no connection to mqtt:.*ECONNREFUSED/,
  );
});

line.run();
