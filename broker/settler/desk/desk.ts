/** What every concern of the settler is given: who it is, what it may use, what it may do. */

import type { Crypto } from '../../../schemas/crypto.ts';
import type { SettlerSigner } from '../../../schemas/settler.ts';
import type { SettlerLimits } from '../settings.ts';

export type Desk = {
  /** The settler's root key: what opens name and payees pin. */
  readonly root: Uint8Array;
  readonly signer: SettlerSigner;
  readonly crypto: Crypto;
  readonly currencies: readonly string[];
  readonly limits: SettlerLimits;
};
