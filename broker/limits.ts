/** Every limit of the broker on one page: what one client, and all of them together, can take from it. */

import { ok, type Result, refuse } from '../schemas/result.ts';

export type Limits = {
  /** Of one message: a full page of CBOR (no signed object comes near it). */
  readonly payloadBytesMax: number;
  /** Of one client; a paid stream of 256 readings in flight ran at 65,000/s, with its ticks twice that. */
  readonly messagesPerSecondMax: number;
  /** That may come at once after a silence: what one second may bring. */
  readonly messagesBurstMax: number;
  /** Filters of one client: two for each lease, or one wildcard for all of them. */
  readonly subscriptionsMax: number;
  /** New filters of one client, which may ask for every retained message; `subscriptionsMax` come at once. */
  readonly subscriptionsPerSecondMax: number;
  /** Sockets, whether they have shown a credential or not: about 20 kB each. */
  readonly connectionsMax: number;
  /** From one address that is not loopback: a few hundred gateways behind one router. */
  readonly addressConnectionsMax: number;
  /** Of one key at once: a few programs that share it, and one that reconnects before its old socket died. */
  readonly keyConnectionsMax: number;
  /** Sockets without a credential; the oldest goes when another knocks. */
  readonly handshakesMax: number;
  /** From the first byte of TCP to the credential: a slow radio link with a TLS handshake. */
  readonly connectTimeoutMs: number;
  /** A client must promise to speak at least this often; 0 ("never") is refused. */
  readonly keepaliveMaxS: number;
  /**
   * Bytes that wait for a client that does not read, before its writers have to wait as well: 256 readings in
   * flight. Also what is taken from a socket at once; four times as much cost a tenth of the speed in garbage.
   */
  readonly outboundBytesMax: number;
  /** How long they wait before that client is cut off. */
  readonly drainTimeoutMs: number;
  /** All retained messages together; owners that are away lose theirs first. */
  readonly retainedBytesMax: number;
  /** Keys whose counters are remembered: about 150 bytes each. */
  readonly keysMax: number;
  /** Messages that an attached receiver (the settler) has not finished, before writers have to wait. */
  readonly attachedMax: number;
};

const LIMITS: Limits = {
  payloadBytesMax: 32_768,
  messagesPerSecondMax: 200_000,
  messagesBurstMax: 200_000,
  subscriptionsMax: 1_024,
  subscriptionsPerSecondMax: 50,
  connectionsMax: 10_000,
  addressConnectionsMax: 512,
  keyConnectionsMax: 8,
  handshakesMax: 512,
  connectTimeoutMs: 10_000,
  keepaliveMaxS: 300,
  outboundBytesMax: 65_536,
  drainTimeoutMs: 5_000,
  retainedBytesMax: 67_108_864,
  keysMax: 100_000,
  attachedMax: 1_024,
};

/** The limits given, and the defaults of the rest. Code: config-invalid. */
export const checkLimits = (given: Partial<Limits>): Result<Limits> => {
  for (const [name, value] of Object.entries(given)) {
    if (!(name in LIMITS)) {
      return refuse(
        'config-invalid',
        `limits.${name} is not known: one of ${Object.keys(LIMITS).join(', ')}`,
      );
    }
    if (!Number.isSafeInteger(value) || value < 1) {
      return refuse('config-invalid', `limits.${name} must be an integer of at least 1, not ${value}`);
    }
  }
  return ok({ ...LIMITS, ...given });
};

/** `ratePerSecond` on average, `burst` at once. Holds two numbers, so that each client can have its own. */
export class TokenBucket {
  readonly #ratePerMs: number;
  readonly #burst: number;
  #tokens: number;
  #filledMs: number;

  constructor(ratePerSecond: number, burst: number, nowMs: number) {
    this.#ratePerMs = ratePerSecond / 1000;
    this.#burst = burst;
    this.#tokens = burst;
    this.#filledMs = nowMs;
  }

  take(nowMs: number): boolean {
    if (nowMs !== this.#filledMs) {
      // A clock that was set back fills nothing and starts anew.
      const elapsedMs = Math.max(0, nowMs - this.#filledMs);
      this.#tokens = Math.min(this.#burst, this.#tokens + elapsedMs * this.#ratePerMs);
      this.#filledMs = nowMs;
    }
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
