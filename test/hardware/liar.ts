/** A board that does not do what it should: an emulated one, and what it says or hears changed on the way. */

import { type Peer, PeerBinding } from '../../hardware/bench/binding.ts';
import type { Rig } from '../../hardware/bench/rig/rig.ts';
import { encodeFrame, FrameDecoder } from '../../schemas/frame.ts';
import { ok } from '../../schemas/result.ts';
import {
  decodeSerial,
  encodeSerial,
  SERIAL_MESSAGE_BYTES_MAX,
  type SerialMessage,
} from '../../schemas/serial.ts';

export type Lie = {
  /** What the host hears instead. */
  readonly says?: (message: SerialMessage) => readonly SerialMessage[];
  /** What the board hears instead. */
  readonly hears?: (message: SerialMessage) => SerialMessage;
};

/** Frame by frame; noise passes. */
const frames = (
  send: (bytes: Uint8Array) => void,
  change: (message: SerialMessage) => readonly SerialMessage[],
) => {
  const decoder = new FrameDecoder(SERIAL_MESSAGE_BYTES_MAX);
  const pass = (encoded: Uint8Array): void => {
    const message = decodeSerial(encoded);
    if (!message.ok) send(encodeFrame(encoded));
    else for (const one of change(message.value)) send(encodeFrame(encodeSerial(one)));
  };
  return (bytes: Uint8Array): void =>
    decoder.push(bytes, pass, (noise) => send(Uint8Array.of(...noise.bytes, 0)));
};

/** `peer` behind the lie; `reset` is what pulls its reset pin. */
export const liarRig = (peer: Peer, lie: Lie, reset: () => void): Rig => {
  const binding = new PeerBinding();
  const hear = frames(peer.receive, (message) => [lie.hears?.(message) ?? message]);
  binding.plug('liar', {
    open: (send) => peer.open(frames(send, (message) => lie.says?.(message) ?? [message])),
    receive: hear,
    close: peer.close,
  });
  const restart = async () => {
    reset();
    return ok(undefined);
  };
  const close = async (): Promise<void> => binding.unplug('liar');
  return { path: 'liar', binding, steady: false, reset: restart, cyclePower: restart, close };
};
