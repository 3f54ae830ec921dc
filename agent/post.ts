/** Post: which message is for which lease, and what is sent, counted as it goes over the wire. */

import { decodeRequest, encodeRequest, type Request } from '../schemas/request.ts';
import type { Result } from '../schemas/result.ts';
import { ANY, inTopic, parseTopic, profileTopic, statusTopic } from '../schemas/topic.ts';
import { hasAsked } from './engine/outbox.ts';
import type { LeaseLane } from './lanes.ts';
import type { Traffic } from './status.ts';
import type { Turns } from './turns.ts';

/** The part of a connection that is used here. */
export type Wire = {
  /** QoS 1 unless told otherwise. Dropped where it cannot be sent. */
  readonly publish: (topic: string, payload: Uint8Array, options?: { readonly qos: 0 | 1 }) => unknown;
  readonly subscribe: (filter: string) => void;
  readonly unsubscribe: (filter: string) => void;
};

/** What is not for a lease that runs. */
export type Office = {
  readonly onProfile: (id: string, payload: Uint8Array) => void;
  readonly onStatus: (id: string, payload: Uint8Array) => void;
  readonly onRequest: (from: string, request: Request) => void;
};

/** MQTT 3.1.1: type, remaining length (two bytes from 128), topic length. */
const PUBLISH_HEAD_BYTES = 1 + 1 + 2;

/** What flows in a lease is acknowledged and repeated by the lease itself, end to end: a PUBACK adds nothing. */
const STREAM_QOS = { qos: 0 } as const;

export class Post {
  private readonly self: string;
  private readonly wire: Wire;
  private readonly office: Office;
  private readonly lanes: ReadonlySet<LeaseLane>;
  private readonly turns: Turns<LeaseLane>;
  private readonly byTopic = new Map<string, LeaseLane>();
  private messages = 0;
  private payloadBytes = 0;
  private packetBytes = 0;

  constructor(
    self: string,
    wire: Wire,
    office: Office,
    lanes: ReadonlySet<LeaseLane>,
    turns: Turns<LeaseLane>,
  ) {
    this.self = self;
    this.wire = wire;
    this.office = office;
    this.lanes = lanes;
    this.turns = turns;
  }

  /** What the agent always reads. */
  subscribe(market: boolean): void {
    this.wire.subscribe(inTopic(this.self, ANY));
    if (!market) return;
    this.wire.subscribe(statusTopic(ANY));
    this.wire.subscribe(profileTopic(ANY));
  }

  onMessage(topic: string, payload: Uint8Array): void {
    const lane = this.byTopic.get(topic);
    if (lane !== undefined) this.turns.step(lane, { kind: 'message', bytes: payload });
    else this.onOther(topic, payload);
  }

  /** Reads the lane's topic from here on, or no more where it has ended. */
  follow(lane: LeaseLane): void {
    if (lane.topicIn === '') return;
    if (lane.ended) {
      this.byTopic.delete(lane.topicIn);
      this.wire.unsubscribe(lane.topicIn);
      return;
    }
    this.byTopic.set(lane.topicIn, lane);
    this.wire.subscribe(lane.topicIn);
  }

  stream(topic: string, bytes: Uint8Array): void {
    this.messages++;
    this.payloadBytes += bytes.length;
    const packet = PUBLISH_HEAD_BYTES + topic.length + bytes.length;
    this.packetBytes += topic.length + bytes.length + 2 > 127 ? packet + 1 : packet;
    this.wire.publish(topic, bytes, STREAM_QOS);
  }

  request(topic: string, request: Request): void {
    this.wire.publish(topic, encodeRequest(request));
  }

  traffic(): Traffic {
    return { messages: this.messages, payloadBytes: this.payloadBytes, packetBytes: this.packetBytes };
  }

  private onOther(text: string, payload: Uint8Array): void {
    const topic = parseTopic(text);
    if (!topic.ok) return;
    if (topic.value.kind === 'profile') this.office.onProfile(topic.value.id, payload);
    else if (topic.value.kind === 'status') this.office.onStatus(topic.value.id, payload);
    else if (topic.value.kind === 'in' && topic.value.to === this.self)
      this.onIn(topic.value.from, decodeRequest(payload));
  }

  /** An answer goes to the lane that asked, if its sender is who was asked. */
  private onIn(from: string, request: Result<Request>): void {
    if (!request.ok) return;
    for (const lane of this.lanes) {
      if (lane.peer !== from && lane.settler !== from) continue;
      if (hasAsked(lane.state.outbox, request.value.id)) {
        this.turns.step(lane, { kind: 'reply', request: request.value });
        return;
      }
    }
    this.office.onRequest(from, request.value);
  }
}
