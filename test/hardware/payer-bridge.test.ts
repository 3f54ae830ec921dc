/** The bridge and the valve's firmware, as a gateway has them: keys given, a chain made, ticks that a seller accepts. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Board, openFrames } from '../../firmware-bridge/frames.ts';
import { chipPeer, PeerBinding } from '../../hardware/bench/binding.ts';
import { buildValve } from '../../hardware/bench/boards.ts';
import { acceptTick, acceptVoucher, newHeld } from '../../schemas/evidence.ts';
import { lastLink } from '../../schemas/meter.ts';
import { SLOT } from '../../schemas/serial.ts';
import { buildChain, CHAIN_TICKS_MAX, linkAt } from '../../schemas/tick.ts';
import { signVoucher } from '../../schemas/voucher.ts';
import { accepted, refuses } from '../schemas/verdicts.ts';
import { crypto, filled, keyOf, signer } from '../vectors/parties.ts';
import { programOf } from './board.ts';

const PATH = '/dev/ttyValve';
const SERIAL = Uint8Array.from([8, 7, 6, 5, 4, 3, 2, 1]);
const SECRET = filled(0x3d);
const CHANNEL = filled(0xc4);
/** Chip seconds per second: the tests wait for milliseconds of the chip, and the machine may be busy. */
const SPEED = 4;
const TICK_NANO = 250;

const bridge = suite('a valve that pays, behind the bridge');

let device: Board;
bridge.after(() => device.close());

bridge('is provisioned, makes a chain of 1,024 ticks and releases them as evidence', async () => {
  const binding = new PeerBinding();
  const program = programOf('valve');
  const build = (onSend: (byte: number) => void) =>
    buildValve({ program, serial: new Uint8Array(0), onSend, onPin: () => {} });
  binding.plug(PATH, chipPeer(build, SPEED));
  device = accepted(await openFrames({ path: PATH, binding }));
  assert.ok(device.payer !== null);
  refuses(await device.payer!.chain(CHANNEL, 1, 8), 'not-authorised');

  accepted(await device.provision(SLOT.serial, SERIAL));
  accepted(await device.provision(SLOT.payerSecret, SECRET));
  refuses(await device.provision(SLOT.payerSecret, filled(0)), 'not-authorised');

  const seq = 9;
  const { counter, anchor } = accepted(await device.payer!.chain(CHANNEL, seq, CHAIN_TICKS_MAX));
  const last = lastLink(crypto.sha256, SECRET, CHANNEL, seq, counter);
  assert.equal(anchor, linkAt(buildChain(crypto.sha256, CHANNEL, seq, last, CHAIN_TICKS_MAX), 0));

  const held = newHeld(CHANNEL, keyOf('buyer'), 10_000_000, CHAIN_TICKS_MAX);
  const voucher = { seq, cumulativeNano: 0, readings: 0, head: filled(0), anchor, tickNano: TICK_NANO };
  accepted(acceptVoucher(held, signVoucher(CHANNEL, voucher, signer('buyer')), crypto));
  for (const index of [1, 2, 3, 4, 10, 26]) {
    const tick = accepted(await device.payer!.release(index));
    assert.is(accepted(acceptTick(held, tick, crypto)), index * TICK_NANO);
  }
  refuses(await device.payer!.release(25), 'voucher-stale');
  refuses(await device.payer!.release(CHAIN_TICKS_MAX + 1), 'value-out-of-range');
});

bridge.run();
