/** Tells every vector's result. */

import type { Sha256 } from '../../../schemas/crypto.ts';
import { computeVectors } from '../vectors.ts';

declare const exports: { hash: Sha256 };
declare const print: (line: string) => void;

computeVectors(exports.hash, (line) => print('> ' + line));
print('> end');
