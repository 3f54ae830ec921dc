/** What a broker is told before it starts, checked in one place. */

import type { Sha256 } from '../schemas/crypto.ts';
import { idOf, isId, isKey } from '../schemas/identity.ts';
import { ok, type Result, refuse } from '../schemas/result.ts';
import { isLoopback } from './gate.ts';
import { checkLimits, type Limits } from './limits.ts';
import type { Place } from './listeners.ts';

export type BrokerOptions = {
  /** The broker's Ed25519 key: what credentials are signed for. */
  readonly key: Uint8Array;
  /** Port 0 is any free one. */
  readonly listen: readonly Place[];
  /** PEM files, for 'tls' and 'wss'. */
  readonly tls?: { readonly keyFile: string; readonly certificateFile: string };
  /** Where the counters of credentials are kept; made if there is none. */
  readonly counterFile: string;
  /** The id that may read the settler's topics over the network, where it is not attached. The broker's own if absent. */
  readonly settler?: string;
  /** Allows 'tcp' and 'ws' off loopback, for a network that is secured by other means. */
  readonly plainOffLoopback?: boolean;
  readonly limits?: Partial<Limits>;
};

export type CheckedOptions = Required<Omit<BrokerOptions, 'tls' | 'limits'>> & {
  readonly tls: BrokerOptions['tls'] | undefined;
  readonly limits: Limits;
};

const TRANSPORTS = ['tcp', 'tls', 'ws', 'wss'];

const checkPlace = (place: Place, plainOffLoopback: boolean): Result<Place> => {
  const name = `${place.transport}://${place.host}:${place.port}`;
  if (!TRANSPORTS.includes(place.transport)) {
    return refuse('config-invalid', `listen: "${place.transport}" is none of ${TRANSPORTS.join(', ')}`);
  }
  if (!Number.isInteger(place.port) || place.port < 0 || place.port > 65535) {
    return refuse('config-invalid', `listen: ${name} must have a port from 0 to 65535`);
  }
  const plain = place.transport === 'tcp' || place.transport === 'ws';
  if (plain && !plainOffLoopback && !isLoopback(place.host)) {
    return refuse('config-invalid', `listen: ${name} is not loopback: use tls or wss there`);
  }
  return ok(place);
};

/** Codes: config-invalid, key-unacceptable. */
export const checkOptions = (options: BrokerOptions, sha256: Sha256): Result<CheckedOptions> => {
  if (!isKey(options.key)) return refuse('key-unacceptable', "the broker's key is no Ed25519 key");
  if (options.listen.length === 0) return refuse('config-invalid', 'listen: name at least one place');
  const plainOffLoopback = options.plainOffLoopback ?? false;
  for (const place of options.listen) {
    const checked = checkPlace(place, plainOffLoopback);
    if (!checked.ok) return checked;
  }
  const settler = options.settler ?? idOf(options.key, sha256);
  if (!isId(settler)) return refuse('config-invalid', `settler: "${settler}" is no id`);
  const limits = checkLimits(options.limits ?? {});
  if (!limits.ok) return limits;
  return ok({ ...options, tls: options.tls, plainOffLoopback, settler, limits: limits.value });
};
