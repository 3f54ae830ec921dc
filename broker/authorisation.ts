/** What one client may do: the rules of `schemas/topic.ts`, its rate, and its number of filters. */

import { ok, type Refusal, type Result, refuse } from '../schemas/result.ts';
import { mayPublish, maySubscribe, parseFilter, parseTopic, type Topic } from '../schemas/topic.ts';
import { type Limits, TokenBucket } from './limits.ts';

/** Topics a client writes again and again: its leases and their counterparties. About 200 bytes each. */
const VERDICTS_MAX = 512;

const isHint = (topic: Topic): boolean =>
  topic.kind === 'status' || topic.kind === 'profile' || topic.kind === 'demand';

/** Whether the message only hints at something that will be said again: nobody is kept waiting for it. */
export const isHintTopic = (text: string): boolean => {
  const topic = parseTopic(text);
  return topic.ok && isHint(topic.value);
};

type Verdict = { readonly retainable: boolean; readonly refusal: Refusal | undefined };
type Message = {
  readonly topic: string;
  readonly payload: { readonly length: number };
  readonly qos?: number;
  readonly retain?: boolean;
};

export class Access {
  readonly user: string;
  readonly #limits: Limits;
  readonly #settler: string;
  readonly #messages: TokenBucket;
  readonly #requests: TokenBucket;
  readonly #verdicts = new Map<string, Verdict>();
  readonly #filters = new Set<string>();

  constructor(user: string, settler: string, limits: Limits, nowMs: number) {
    this.user = user;
    this.#settler = settler;
    this.#limits = limits;
    this.#messages = new TokenBucket(limits.messagesPerSecondMax, limits.messagesBurstMax, nowMs);
    this.#requests = new TokenBucket(limits.subscriptionsPerSecondMax, limits.subscriptionsMax, nowMs);
  }

  /** Codes: rate-exceeded, and those of `write`. */
  publish(message: Message, nowMs: number): Refusal | undefined {
    if (!this.#messages.take(nowMs)) {
      return refuse('rate-exceeded', `more than ${this.#limits.messagesPerSecondMax} messages a second`);
    }
    return this.write(message);
  }

  /** The same for a will, which costs no rate. Codes: topic-malformed, not-authorised, message-too-long. */
  write(message: Message): Refusal | undefined {
    const verdict = this.#verdicts.get(message.topic) ?? this.#judge(message.topic);
    if (verdict.refusal !== undefined) return verdict.refusal;
    if (message.payload.length > this.#limits.payloadBytesMax) {
      const max = this.#limits.payloadBytesMax;
      return refuse(
        'message-too-long',
        `${message.payload.length} bytes of payload: at most ${max} are taken`,
      );
    }
    if (message.qos === 2) return refuse('not-authorised', 'QoS 2 is not served: use QoS 1');
    if (message.retain && !verdict.retainable) {
      return refuse('not-authorised', `${message.topic} is never retained`);
    }
    return undefined;
  }

  /** Codes: topic-malformed, not-authorised, rate-exceeded, busy. */
  subscribe(text: string, nowMs: number): Result<void> {
    if (this.#filters.has(text)) return ok(undefined);
    const filter = parseFilter(text);
    if (!filter.ok) return filter;
    if (!maySubscribe(this.user, filter.value, this.#settler)) {
      return refuse('not-authorised', `${text} is not for ${this.user} to read`);
    }
    if (this.#filters.size >= this.#limits.subscriptionsMax) {
      return refuse('busy', `more than ${this.#limits.subscriptionsMax} filters: use + for a level`);
    }
    if (!this.#requests.take(nowMs)) {
      return refuse('rate-exceeded', `more than ${this.#limits.subscriptionsPerSecondMax} filters a second`);
    }
    this.#filters.add(text);
    return ok(undefined);
  }

  unsubscribe(text: string): void {
    this.#filters.delete(text);
  }

  #judge(text: string): Verdict {
    const topic = parseTopic(text);
    if (!topic.ok) return { retainable: false, refusal: topic };
    if (!mayPublish(this.user, topic.value)) {
      const refusal = refuse('not-authorised', `${text} is not for ${this.user} to write`);
      return { retainable: false, refusal };
    }
    const verdict = { retainable: isHint(topic.value), refusal: undefined };
    // Only what is allowed is kept: a refusal ends the connection. The oldest goes first.
    if (this.#verdicts.size >= VERDICTS_MAX) this.#verdicts.delete(this.#verdicts.keys().next().value!);
    this.#verdicts.set(text, verdict);
    return verdict;
  }
}
