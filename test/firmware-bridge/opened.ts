/** A scripted board, opened by the driver over a binding in memory. */

import type { Device } from '../../firmware-bridge/device.ts';
import { type FramesTiming, openFrames } from '../../firmware-bridge/frames.ts';
import { PeerBinding } from '../../hardware/bench/binding.ts';
import type { Capability } from '../../schemas/serial.ts';
import { ScriptedBoard, VALVE } from './scripted-board.ts';
import { Watch } from './watch.ts';

export const PATH = '/dev/ttyTest0';
/** So short that a test takes no time, so long that a busy machine does not miss it. */
export const TIMING: FramesTiming = {
  ...{ open: 5000, hello: 20, greeting: 2000, ack: 25, tick: 25 },
  silence: 60_000,
};

export const BACKOFF = { first: 1, max: 10 };

/** Nothing is expected of it, so its silence is soon asked about. */
export const QUIET: Capability = { ...VALVE, periodMs: 0 };

type Opened = { device: Device; board: ScriptedBoard; binding: PeerBinding; watch: Watch };

export const opened = async (
  timing: Partial<FramesTiming> = {},
  capabilities: Capability[] = [VALVE],
): Promise<Opened> => {
  const board = new ScriptedBoard();
  board.capabilities = capabilities;
  const binding = new PeerBinding();
  binding.plug(PATH, board);
  const device = await openFrames({
    path: PATH,
    binding,
    timing: { ...TIMING, ...timing },
    backoff: BACKOFF,
  });
  if (!device.ok) throw new Error(device.detail);
  return { device: device.value, board, binding, watch: new Watch(device.value) };
};
