/** Who are you? */

import { expect } from './bell.ts';
import type { Suite } from './suite.ts';

const HELLOS = 20;

export const identify: Suite = {
  name: 'identify',
  about: 'the board says who and what it is',
  checks: [
    {
      claim: 'says its name, its firmware and its channels',
      run: async (bench) => {
        const { identity, capabilities } = await bench.device();
        expect(identity.board !== '' && identity.firmware !== '', 'board or firmware is empty');
        expect(/^[0-9a-f]{16}$/.test(identity.serial), `serial number ${identity.serial}`);
        expect(capabilities.length > 0, `${identity.board} announces no channel: is its sensor connected?`);
      },
    },
    {
      claim: 'announces what is wired to it',
      absent: ({ wired }) => (wired.length > 0 ? undefined : 'nothing is wired in the rig file'),
      run: async (bench) => {
        const { capabilities } = await bench.device();
        const names = capabilities.map(({ name, direction }) => `${direction} ${name}`);
        for (const { sensor, output } of bench.wired) {
          const wanted = sensor === undefined ? `actuator ${output}` : `sensor ${sensor}`;
          expect(names.includes(wanted), `no ${wanted} among ${names.join(', ')}`);
        }
      },
    },
    {
      claim: `answers ${HELLOS} hellos, each with its nonce and the same identity`,
      run: async (bench) => {
        const conversation = await bench.conversation();
        const first = await conversation.greet();
        for (let i = 1; i < HELLOS; i++) {
          const again = await conversation.greet(false);
          const told = JSON.stringify({ ...again, nonce: first.nonce });
          expect(told === JSON.stringify(first), `hello ${i + 1} was answered ${told}`);
        }
      },
    },
  ],
};
