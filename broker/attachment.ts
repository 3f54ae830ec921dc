/** A receiver in the broker's own process: the settler beside the broker, without a socket between. */

import type { Aedes, AedesPublishPacket } from 'aedes';
import { ok, type Result, refuse } from '../schemas/result.ts';
import { parseTopic, type Topic } from '../schemas/topic.ts';
import type { Log } from './log.ts';

export type Attachment = {
  readonly filters: readonly string[];
  /** `from` is the id of the writer, whom the broker has authenticated. The payload is the receiver's to keep. */
  readonly onMessage: (topic: string, payload: Uint8Array, from: string) => void | Promise<void>;
};

export type Attached = {
  /** QoS 1, to whoever is connected and subscribed. Codes: topic-malformed, busy (the broker is closing). */
  readonly publish: (topic: string, payload: Uint8Array) => Promise<Result<void>>;
  readonly detach: () => Promise<void>;
};

/** The id that writes the topic, the only one that may (`mayPublish`). */
const writerOf = (topic: Topic): string => {
  if (topic.kind === 'in' || topic.kind === 'settler') return topic.from;
  if (topic.kind === 'lease') return topic.side === 'r' ? topic.payee : topic.payer;
  return topic.id;
};

export const attach = async (
  aedes: Aedes,
  attachment: Attachment,
  unfinishedMax: number,
  log: Log,
): Promise<Attached> => {
  let unfinished = 0;
  const waiting: (() => void)[] = []; // writers; each connection has at most one chunk of messages here

  const handle = async (packet: AedesPublishPacket): Promise<void> => {
    const topic = parseTopic(packet.topic);
    if (!topic.ok) return;
    try {
      await attachment.onMessage(
        packet.topic,
        new Uint8Array(packet.payload as Buffer),
        writerOf(topic.value),
      );
    } catch (error) {
      log({ level: 'warn', event: 'receiver-failed', detail: String(error) });
    }
  };

  const deliver = (packet: AedesPublishPacket, done: () => void): void => {
    unfinished++;
    void handle(packet).then(() => {
      unfinished--;
      waiting.shift()?.();
    });
    if (unfinished <= unfinishedMax) done();
    else waiting.push(done);
  };

  for (const filter of attachment.filters) {
    await new Promise<void>((subscribed) => aedes.subscribe(filter, deliver, subscribed));
  }

  return {
    publish: (topic, payload) => {
      const parsed = parseTopic(topic);
      if (!parsed.ok) return Promise.resolve(parsed);
      const packet = {
        cmd: 'publish',
        topic,
        payload: Buffer.from(payload),
        qos: 1,
        retain: false,
        dup: false,
      } as const;
      return new Promise((resolve) =>
        aedes.publish(packet, (error) =>
          resolve(error ? refuse('busy', `the broker does not publish: ${error.message}`) : ok(undefined)),
        ),
      );
    },
    detach: async () => {
      for (const filter of attachment.filters) {
        await new Promise<void>((unsubscribed) => aedes.unsubscribe(filter, deliver, unsubscribed));
      }
    },
  };
};
