/** A small heap for a process that makes little garbage and shares a gateway with others. */

import { setFlagsFromString } from 'node:v8';

/**
 * Keeps V8's young generation at the 1 MB it begins with: it would grow to 16 MB for the modules that a start
 * loads, and never shrink again. V8 reads this factor whenever it might grow, so it can be set in a running
 * process, but only growth from then on is prevented: call it before anything large is loaded. A stream of
 * 25,000 paid readings a second ran as fast with it as without.
 */
export const keepHeapSmall = (): void => setFlagsFromString('--semi-space-growth-factor=1');
