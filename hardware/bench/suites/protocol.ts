/** What a board refuses: hosts of another protocol, and frames that say nothing. */

import { encodeCbor } from '../../../schemas/cbor.ts';
import { encodeFrame } from '../../../schemas/frame.ts';
import { type Fault, SERIAL_PROTOCOL, type SerialMessage } from '../../../schemas/serial.ts';
import { expect, pause } from './bell.ts';
import type { Conversation } from './conversation.ts';
import type { Check, Suite } from './suite.ts';

const OTHER_PROTOCOL = 77;
const QUIET_MS = 1500;
/** serial.md section 4: a frame that was no request. Told at most once a second. */
const FAULT_REFUSED = 4;

const isRefusal = (message: SerialMessage): message is Fault =>
  message.type === 'fault' && message.fault === FAULT_REFUSED;

/** The board counts such bytes as a request that it did not understand. */
const counts = (claim: string, bytes: Uint8Array): Check => ({
  claim,
  run: async (bench) => {
    const conversation: Conversation = await bench.conversation();
    await conversation.greet();
    const before = conversation.heard.filter(isRefusal).at(-1)?.count ?? 0;
    const since = conversation.heard.length;
    conversation.write(bytes);
    const more = (message: SerialMessage): message is Fault => isRefusal(message) && message.count > before;
    await conversation.hears(since, more, `fault ${FAULT_REFUSED}`);
    await conversation.greet(false);
  },
});

export const protocol: Suite = {
  name: 'protocol',
  about: 'refuses hosts of another protocol and frames that are none',
  checks: [
    {
      claim: 'tells a host of another protocol its own, and sends it no readings',
      run: async (bench) => {
        const conversation = await bench.conversation();
        await conversation.greet();
        const identity = await conversation.greet(false, OTHER_PROTOCOL);
        expect(identity.protocol === SERIAL_PROTOCOL, `it says protocol ${identity.protocol}`);
        const since = conversation.heard.length;
        await pause(QUIET_MS);
        const sent = conversation.heard.slice(since).filter(({ type }) => type === 'reading').length;
        expect(sent === 0, `${sent} readings were sent to it`);
      },
    },
    {
      claim: 'speaks to a host of its own protocol again',
      run: async (bench) => {
        await (await bench.conversation()).greet(true, OTHER_PROTOCOL);
        const device = await bench.device();
        expect(device.online, 'it is not online');
      },
    },
    counts('counts a message of a kind that it does not know', encodeFrame(encodeCbor([200, 1, 2]))),
    counts('counts a frame of bytes that are no CBOR', encodeFrame(Uint8Array.of(0xff, 0xff))),
    counts(
      'counts a frame whose CRC is wrong',
      encodeFrame(encodeCbor([0, 2, 3])).map((byte, i) => (i === 2 ? byte ^ 0x10 : byte)),
    ),
  ],
};
