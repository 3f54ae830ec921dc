/** For engines without a hash of their own. */

import type { Sha256 } from '../../../schemas/crypto.ts';
import { sha256 } from '../sha256.ts';

declare const exports: { hash: Sha256 };

exports.hash = sha256;
