/** What the matchers of arrays, maps and control operators share. */

import type { Cbor } from '../../schemas/cbor.ts';
import type { Names, Scoped } from './names.ts';
import type { Trail } from './trail.ts';

export type Matching = {
  readonly names: Names;
  readonly trail: Trail;
  readonly matches: (at: Scoped, value: Cbor) => boolean;
};
