/** Control operators (RFC 8610 section 3.8), each asked once its target has matched. */

import { utf8Encode } from '../../schemas/bytes.ts';
import { type Cbor, decodeCbor } from '../../schemas/cbor.ts';
import type { Matching } from './matching.ts';
import type { Scoped } from './names.ts';

type Control = (on: Matching, argument: Scoped, value: Cbor) => boolean;

const compared =
  (holds: (value: number, bound: number) => boolean): Control =>
  (on, argument, value) =>
    typeof value === 'number' && holds(value, on.names.number(argument));

/** An unsigned integer has every size it fits in, up to the 8 bytes of CBOR. */
const fitting = (value: number): number[] =>
  [1, 2, 3, 4, 5, 6, 7, 8].filter((bytes) => value >= 0 && value < 256 ** bytes);

const sized: Control = (on, argument, value) => {
  if (value instanceof Uint8Array) return on.matches(argument, value.length);
  if (typeof value === 'string') return on.matches(argument, utf8Encode(value).length);
  return typeof value === 'number' && fitting(value).some((bytes) => on.matches(argument, bytes));
};

const embedded: Control = (on, argument, value) => {
  if (!(value instanceof Uint8Array)) return false;
  const decoded = decodeCbor(value);
  return on.trail.inside('<cbor>', () =>
    decoded.ok ? on.matches(argument, decoded.value) : on.trail.fail(`${decoded.code}: ${decoded.detail}`),
  );
};

/** XML Schema's regular expressions are anchored; where their syntax differs from ours, write around it. */
const patterned: Control = (on, argument, value) =>
  typeof value === 'string' && new RegExp(`^(?:${on.names.literal(argument)})$`, 'u').test(value);

const both: Control = (on, argument, value) => on.matches(argument, value);

/** For every bit that is set its number must be in the argument, least significant bit of the first byte first. */
const flagged: Control = (on, argument, value) => {
  const isSet = (bit: number): boolean =>
    value instanceof Uint8Array
      ? ((value[bit >> 3]! >> (bit & 7)) & 1) === 1
      : Math.floor((value as number) / 2 ** bit) % 2 === 1;
  const bits = value instanceof Uint8Array ? value.length * 8 : 53;
  for (let bit = 0; bit < bits; bit++) {
    if (isSet(bit) && !on.matches(argument, bit)) return false;
  }
  return true;
};

export const CONTROLS: Readonly<Record<string, Control>> = {
  '.size': sized,
  '.bits': flagged,
  '.cbor': embedded,
  '.regexp': patterned,
  '.lt': compared((value, bound) => value < bound),
  '.le': compared((value, bound) => value <= bound),
  '.gt': compared((value, bound) => value > bound),
  '.ge': compared((value, bound) => value >= bound),
  '.eq': both,
  '.ne': (on, argument, value) => !on.trail.silently(() => on.matches(argument, value)),
  '.and': both,
  '.within': both,
  '.default': () => true,
};
