/** Greetings that do not come in one piece, or not at once. */

import { encodeFrame } from '../../../schemas/frame.ts';
import { encodeSerial, NONCE_UNASKED, SERIAL_PROTOCOL, type SerialMessage } from '../../../schemas/serial.ts';
import { anyByte, chanceOf } from '../chance.ts';
import { faultOf } from '../faults.ts';
import { expect, pause } from './bell.ts';
import type { Conversation } from './conversation.ts';
import type { Suite } from './suite.ts';

/** A byte takes 87 us: with this between them each one comes alone. */
const BYTE_MS = 3;
const NOISE_BYTES = 300;
/** Longer than any message, and than any buffer of a small board. */
const LONG_BYTES = 2000;
const STALL_MS = 2500;
const NONCE = 0x6c6f6e67;

const HELLO = encodeFrame(encodeSerial({ type: 'hello', protocol: SERIAL_PROTOCOL, nonce: NONCE }));

const expectAnswer = async (conversation: Conversation, since: number): Promise<void> => {
  await conversation.hears(
    since,
    (message): message is SerialMessage => message.type === 'identity' && message.nonce === NONCE,
    'its identity',
  );
};

/** The board is there before it is asked: a boot loader would swallow what comes first. */
const awake = async (conversation: Conversation): Promise<number> => {
  await conversation.greet();
  return conversation.heard.length;
};

export const hello: Suite = {
  name: 'hello',
  about: 'greetings in pieces, after noise, and after a long wait',
  checks: [
    {
      claim: 'is greeted a byte at a time',
      run: async (bench) => {
        const conversation = await bench.conversation();
        const since = await awake(conversation);
        for (const byte of HELLO) {
          conversation.write(Uint8Array.of(byte));
          await pause(BYTE_MS);
        }
        await expectAnswer(conversation, since);
      },
    },
    {
      claim: 'is greeted behind noise',
      run: async (bench) => {
        const conversation = await bench.conversation();
        const since = await awake(conversation);
        const chance = chanceOf(bench.seed);
        const noise = Uint8Array.from({ length: NOISE_BYTES }, () => anyByte(chance));
        // A zero cuts the noise off from the hello (frame.md section 1).
        conversation.write(Uint8Array.of(...noise, 0, ...HELLO));
        await expectAnswer(conversation, since);
      },
    },
    {
      claim: 'is greeted behind a hello that was cut off',
      run: async (bench) => {
        const conversation = await bench.conversation();
        const since = await awake(conversation);
        conversation.write(HELLO.subarray(0, HELLO.length - 4));
        conversation.write(Uint8Array.of(0, ...HELLO));
        await expectAnswer(conversation, since);
      },
    },
    {
      claim: `is greeted behind a frame of ${LONG_BYTES} bytes`,
      run: async (bench) => {
        const conversation = await bench.conversation();
        const since = await awake(conversation);
        conversation.write(new Uint8Array(LONG_BYTES).fill(0x55));
        conversation.write(Uint8Array.of(0, ...HELLO));
        await expectAnswer(conversation, since);
      },
    },
    {
      claim: `is found behind a line that says nothing for ${STALL_MS} ms`,
      run: async (bench) => {
        await bench.conversation(); // the driver lets the port go: it opens it anew
        bench.line.begin(faultOf('stall'));
        const healing = pause(STALL_MS).then(() => bench.line.end());
        const device = await bench.device();
        await healing;
        expect(device.online && device.identity.board !== '', 'it is not online');
      },
    },
    {
      claim: 'says nothing with nonce 0 but by itself',
      run: async (bench) => {
        const conversation = await bench.conversation();
        const since = await awake(conversation);
        for (let i = 0; i < 3; i++) await conversation.greet(false);
        const unasked = conversation.heard
          .slice(since)
          .filter((message) => message.type === 'identity' && message.nonce === NONCE_UNASKED);
        expect(unasked.length === 0, `${unasked.length} identities that nobody asked for: does it restart?`);
      },
    },
  ],
};
