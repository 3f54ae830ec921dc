/** A refusal on its way through aedes, which knows only errors and CONNACK codes. */

import type { AuthenticateError } from 'aedes';
import type { Code, Refusal } from '../schemas/result.ts';

/** MQTT 3.1.1 section 3.2.2.3. */
const CONNACK = { unavailable: 3, badPassword: 4, notAuthorised: 5 } as const;

export class RefusedError extends Error implements AuthenticateError {
  readonly code: Code;
  readonly returnCode: AuthenticateError['returnCode'];

  constructor(refusal: Refusal) {
    super(refusal.detail);
    this.code = refusal.code;
    this.returnCode = connackOf(refusal.code);
  }
}

const connackOf = (code: Code): AuthenticateError['returnCode'] => {
  if (code === 'not-authorised' || code === 'message-too-long') return CONNACK.notAuthorised;
  if (code === 'busy' || code === 'storage-full' || code === 'storage-failed') return CONNACK.unavailable;
  return CONNACK.badPassword;
};
