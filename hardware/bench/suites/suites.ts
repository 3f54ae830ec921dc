/** All suites, in the order in which a board is asked: the harmless first, and last what makes a board deliver on credit only. */

import { commands } from './commands.ts';
import { faults } from './faults.ts';
import { hello } from './hello.ts';
import { identify } from './identify.ts';
import { meter } from './meter.ts';
import { periods } from './periods.ts';
import { protocol } from './protocol.ts';
import { readings } from './readings.ts';
import { restart } from './restart.ts';
import type { Suite } from './suite.ts';

export const SUITES: readonly Suite[] = [
  identify,
  hello,
  periods,
  readings,
  commands,
  protocol,
  restart,
  faults,
  meter,
];
