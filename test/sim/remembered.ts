/**
 * Remembered signatures: in a simulation the same bytes are verified by the witness, the other side and the settler,
 * and again whenever they are repeated. What was verified once needs no second time: it is a pure function.
 */

import type { Verify } from '../../schemas/crypto.ts';

/** Some 10 MB; then it begins again. */
const REMEMBERED_MAX = 20_000;

const textOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');

export const remembered = (verify: Verify): Verify => {
  const known = new Map<string, boolean>();
  return (...asked) => {
    // Lengths in front: no two questions have the same text.
    const texts = asked.map(textOf);
    const question = `${texts.map((text) => text.length)} ${texts.join('')}`;
    const answered = known.get(question);
    if (answered !== undefined) return answered;
    if (known.size >= REMEMBERED_MAX) known.clear();
    const answer = verify(...asked);
    known.set(question, answer);
    return answer;
  };
};
