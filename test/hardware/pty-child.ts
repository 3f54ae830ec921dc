/** Opens a pseudo-terminal with a helper and waits to be killed (pty.test.ts). */

import { openPty } from '../../hardware/bench/pty.ts';

const [helper, link] = process.argv.slice(2);
const pty = await openPty({ helper: helper!, link: link!, onData: () => {}, onClose: () => {} });
console.log(pty.ok ? pty.value.path : pty.detail);
