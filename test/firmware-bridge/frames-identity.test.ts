/** Who answers at a port: the same board, the same with other sensors, or another. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openFrames } from '../../firmware-bridge/frames.ts';
import { PeerBinding } from '../../hardware/bench/binding.ts';
import { encodeCbor } from '../../schemas/cbor.ts';
import { encodeFrame } from '../../schemas/frame.ts';
import { BACKOFF, opened, PATH, QUIET, TIMING } from './opened.ts';
import { ScriptedBoard } from './scripted-board.ts';
import { Watch } from './watch.ts';

const frames = suite('openFrames and the board that it meets');

frames('tells of another board at the same port, naming both', async () => {
  const { device, board, binding, watch } = await opened();
  await device.setPeriod(0, 250);
  binding.unplug(PATH);
  await watch.until(() => watch.states.length === 1);
  const other = new ScriptedBoard();
  other.serial = Uint8Array.from([9, 9, 9, 9, 9, 9, 9, 9]);
  binding.plug(PATH, other);
  await watch.until(() => watch.states.at(-1)?.online === true);
  const [gone, replaced] = watch.states;
  assert.match(gone?.online === false ? gone.detail : '', /disconnected/);
  assert.is(
    replaced?.online === false ? replaced.detail : '',
    `${PATH} had scripted 0102030405060708, and has scripted 0909090909090909 now`,
  );
  assert.is(device.identity.serial, '0909090909090909');
  other.reading(0, 1);
  await watch.until(() => watch.readings.length === 1);
  assert.equal(other.heardOf('period'), [], 'what was asked of the other board is not asked of this one');
  assert.is(board.opened, 1);
  await device.close();
});

frames('tells of another board that answers on a line that was never lost', async () => {
  const { device, board, watch } = await opened();
  board.serial = Uint8Array.from([9, 9, 9, 9, 9, 9, 9, 9]);
  board.say(board.identity(0));
  await watch.until(() => watch.states.length === 2);
  assert.equal(
    watch.states.map((state) => state.online),
    [false, true],
  );
  await device.close();
});

frames('tells of other capabilities of the same board', async () => {
  const { device, board, watch } = await opened({ silence: 20 }, [QUIET]);
  board.capabilities = [{ ...QUIET, unit: 'Cel' }];
  await watch.until(() => watch.states.length === 1); // greeted when it fell silent
  assert.equal(watch.states, [{ online: true }]);
  assert.is(device.capabilities[0]?.unit, 'Cel');
  await device.close();
});

/** What is told of a port where nothing but this answers a hello. */
const misheard = async (answer: (nonce: number) => Uint8Array): Promise<string> => {
  const binding = new PeerBinding();
  const board = new ScriptedBoard();
  board.answer = (message) => {
    board.sendBytes(answer(message.type === 'hello' ? message.nonce : 0));
    return undefined;
  };
  binding.plug(PATH, board);
  const timing = { ...TIMING, greeting: 60, hello: 20, open: 200 };
  const device = await openFrames({ path: PATH, binding, timing, backoff: BACKOFF });
  return device.ok ? 'opened' : `${device.code}: ${device.detail}`;
};

frames('says what is wrong with an answer, and where something else talks', async () => {
  const measured = [0, 'way', 'distance', 'furlong', 0, 0, 1000];
  const identity = (nonce: number) => [1, 2, nonce, 'scripted', '1', new Uint8Array(8), [measured], 0];
  assert.match(
    await misheard((nonce) => encodeFrame(encodeCbor(identity(nonce)))),
    /^timeout: the board at \/dev\/ttyTest0 does not answer as our firmware does: .*unit/,
  );
  assert.match(
    await misheard(() => Buffer.from('$GPRMC,225446,A,4916.45,N*00\r\n\0')),
    /^timeout: no board answered at \/dev\/ttyTest0: it says something else: is the firmware ours\?/,
  );
});

frames('refuses another board than the one that is pinned, naming both', async () => {
  const binding = new PeerBinding();
  binding.plug(PATH, new ScriptedBoard());
  const wish = { path: PATH, binding, timing: TIMING };
  const other = await openFrames({ ...wish, serial: '0909090909090909' });
  assert.is(other.ok ? '' : other.code, 'device-failed');
  assert.match(other.ok ? '' : other.detail, /scripted 0102030405060708, not the board 0909090909090909/);
  const pinned = await openFrames({ ...wish, serial: '0102030405060708' });
  assert.ok(pinned.ok);
  await pinned.value.close();
});

frames('goes without a board rather than with another than the pinned one', async () => {
  const binding = new PeerBinding();
  const board = new ScriptedBoard();
  binding.plug(PATH, board);
  const opening = { path: PATH, binding, timing: TIMING, backoff: BACKOFF, serial: '0102030405060708' };
  const device = await openFrames(opening);
  assert.ok(device.ok);
  const watch = new Watch(device.value);
  binding.unplug(PATH);
  const other = new ScriptedBoard();
  other.serial = Uint8Array.from([9, 9, 9, 9, 9, 9, 9, 9]);
  binding.plug(PATH, other);
  await other.until(() => other.opened >= 2);
  assert.not.ok(device.value.online);
  other.reading(0, 5);
  binding.unplug(PATH);
  binding.plug(PATH, board);
  await watch.until(() => watch.states.at(-1)?.online === true);
  assert.equal(watch.readings, []);
  await device.value.close();
});

frames.run();
