/**
 * The driver for devices that already speak MQTT: somebody's topics to a `Device`.
 *
 * A preset or a declaration (`topic/source.ts`) says what the messages mean; here they become channels,
 * readings with numbers of our own, and answers to commands. A value is a reading only if it was said just
 * now: what the broker had kept makes known what there is.
 */

import { ok, type Refusal, type Result, refuse } from '../schemas/result.ts';
import type { Capability } from '../schemas/serial.ts';
import { Audience, newHealth } from './audience.ts';
import type { BackoffMs } from './backoff.ts';
import type { Device, DeviceIdentity, DeviceListener } from './device.ts';
import { BrokerLink, type Login } from './mqtt/broker-link.ts';
import { type Dial, dialWith } from './mqtt/dial.ts';
import { matches } from './mqtt/filter.ts';
import { OnlineState, whenOnline } from './online-state.ts';
import { placeSerial } from './place-serial.ts';
import { quantity } from './quantity.ts';
import { Thinning } from './thinning.ts';
import { Channels } from './topic/channels.ts';
import { Commands } from './topic/commands.ts';
import { Presence } from './topic/presence.ts';
import type { Finding, Sensor, Source } from './topic/source.ts';
import { sourcesOf, type Topics } from './topic/sources.ts';

/** All in milliseconds. */
export type TopicTiming = {
  /** How long `openTopic` waits for the device to be there. */
  readonly open: number;
  /** For the answer to a command: a sleeping radio takes a second or two. */
  readonly command: number;
  /** The device is gone when it says nothing for this long; 0: only when it says so. Default: the preset's. */
  readonly silence: number | undefined;
  /** What was kept comes in a burst after the subscription: it is told as one. */
  readonly burst: number;
  /** A device is asked for the same thing no more often. */
  readonly ask: number;
};

const TIMING: TopicTiming = {
  open: 10_000,
  command: 5_000,
  silence: undefined,
  burst: 50,
  ask: 10_000,
};

export type TopicOptions = Topics & {
  /** mqtt:// or mqtts://, or whatever `dial` knows. */
  readonly url: string;
  readonly login?: Login | undefined;
  /** PEM of who certifies the broker, where the system does not know. */
  readonly ca?: Uint8Array | undefined;
  readonly dial?: Dial | undefined;
  readonly timing?: Partial<TopicTiming> | undefined;
  /** Between two attempts to connect. */
  readonly backoff?: Partial<BackoffMs> | undefined;
};

/** zigbee2mqtt tells all devices in one message, 5 to 10 kB each. */
const PACKET_BYTES_MAX = 2_097_152;
/** A message of one device. */
const MESSAGE_BYTES_MAX = 65_536;
/** What a stranger calls itself, and a sentence with words of his. */
const NAME_MAX = 64;
const DETAIL_MAX = 512;
/** Names whose refusal was told: once is enough for what comes with every message. */
const UNSOLD_MAX = 256;
/** Filters named in a sentence. */
const SHOWN_MAX = 3;

/** What devices say instead of a value. */
const NO_VALUE = new Set(['', 'null', 'nan', 'none', 'unknown', 'unavailable']);

/** On a terminal, too: without control characters. */
const shown = (text: string, lengthMax: number): string =>
  text.replaceAll(/\p{Cc}/gu, ' ').slice(0, lengthMax);

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Resolves when the device is there; from then on it is kept connected until closed. Codes: config-invalid,
 * not-authorised, protocol-unsupported (at once); device-failed, timeout and what its messages were refused
 * for (when it stayed so for `timing.open`).
 */
export const openTopic = async (options: TopicOptions): Promise<Result<Device>> => {
  const sources = sourcesOf(options);
  if (!sources.ok) return sources;
  const device = new TopicDevice(options, sources.value);
  return whenOnline(device, await device.start());
};

class TopicDevice implements Device {
  identity: DeviceIdentity;
  readonly meter = null;
  readonly health = newHealth();

  readonly #sources: readonly Source[];
  readonly #timing: TopicTiming;
  readonly #filters: readonly string[];
  readonly #audience = new Audience();
  readonly #state = new OnlineState(this.#audience, this.health);
  readonly #channels = new Channels();
  readonly #thinning = new Thinning();
  readonly #commands: Commands;
  readonly #link: BrokerLink;
  readonly #presence: Presence;
  /** What is not sold, by name. */
  readonly #unsold = new Map<string, Refusal>();
  readonly #askedMs = new Map<string, number>();
  #burst: NodeJS.Timeout | undefined;
  #lastRefusal: Refusal | undefined;

  constructor(options: TopicOptions, sources: readonly Source[]) {
    this.#sources = sources;
    this.#timing = { ...TIMING, ...options.timing };
    this.#filters = [...new Set(sources.flatMap((source) => source.filters))];
    const serial = placeSerial(JSON.stringify([options.url, this.#filters]));
    this.identity = { board: sources[0]!.board, firmware: 'unknown', serial };
    this.#presence = new Presence(
      sources.some((source) => source.mustSpeak),
      this.#timing.silence ?? Math.max(...sources.map((source) => source.silenceMs)),
      () => this.#settle(),
    );
    this.#link = new BrokerLink(
      {
        url: options.url,
        login: options.login,
        dial: options.dial ?? dialWith(options.ca),
        filters: this.#filters,
        packetBytesMax: PACKET_BYTES_MAX,
        backoff: options.backoff,
      },
      {
        onUp: () => this.#onUp(),
        onMessage: (topic, payload, fresh) => this.#onMessage(topic, payload, fresh),
        onRefused: (refusal) => this.#refuse(refusal),
        onLost: (refusal) => this.#onLost(refusal),
      },
    );
    this.#commands = new Commands(
      (topic, payload) => this.#link.publish(topic, payload),
      this.#timing.command,
    );
  }

  get online(): boolean {
    return this.#state.isOnline;
  }

  get capabilities(): readonly Capability[] {
    return this.#channels.capabilities;
  }

  /** undefined when the device is there. */
  start(): Promise<Refusal | undefined> {
    const opened = this.#state.opened(this.#timing.open, () =>
      this.#state.refuse(this.#presence.said ?? this.#lastRefusal ?? this.#nothingSaid()),
    );
    this.#link.open();
    return opened;
  }

  listen(listener: DeviceListener): () => void {
    const leave = this.#audience.add(listener);
    let isThere = true;
    // Most of it was found out before anybody could listen.
    queueMicrotask(() => {
      for (const refusal of isThere ? this.#unsold.values() : []) listener.onRefused?.(refusal);
    });
    return () => {
      isThere = false;
      leave();
    };
  }

  async command(channel: number, value: number): Promise<Result<void>> {
    const output = this.#channels.output(channel);
    if (output === undefined)
      return refuse('channel-unknown', `channel ${channel} is no output of this device`);
    if (!this.online) return refuse('device-failed', `the device is not there: try again later`);
    return this.#commands.send(output, value);
  }

  /** These devices speak when they like: readings in between are left out. */
  async setPeriod(channel: number, periodMs: number): Promise<Result<void>> {
    if (this.#channels.capability(channel)?.direction !== 'sensor')
      return refuse('channel-unknown', `channel ${channel} is no sensor of this device`);
    const set = this.#thinning.set(channel, periodMs);
    if (set.ok) this.#channels.setPeriod(channel, periodMs);
    return set;
  }

  async close(): Promise<void> {
    this.#state.close();
    this.#presence.lost();
    clearTimeout(this.#burst);
    this.#commands.abandon();
    await this.#link.close();
  }

  // connecting

  #onUp(): void {
    for (const source of this.#sources) {
      for (const finding of source.known) this.#apply(finding, false);
    }
    this.#presence.connected();
    this.#settleSoon();
  }

  #onLost(refusal: Refusal): void {
    this.#presence.lost();
    this.#askedMs.clear();
    for (const source of this.#sources) source.reset();
    this.#commands.abandon();
    this.#lastRefusal = refusal;
    if (refusal.code === 'not-authorised' || refusal.code === 'protocol-unsupported')
      this.#state.refuse(refusal);
    this.#settle(refusal);
  }

  #nothingSaid(): Refusal {
    const shown = this.#filters.slice(0, SHOWN_MAX).join(', ');
    return refuse(
      'timeout',
      `nothing was said on ${shown} within ${this.#timing.open} ms: is the device there, and its name right?`,
    );
  }

  // presence

  /** After the burst that follows a subscription. */
  #settleSoon(): void {
    this.#burst ??= setTimeout(() => this.#settle(), this.#timing.burst);
  }

  /** Tells whoever listens when the device has come or gone, or can do other things than before. */
  #settle(why?: Refusal): void {
    clearTimeout(this.#burst);
    this.#burst = undefined;
    const isThere = this.#presence.isThere;
    if (!isThere) {
      this.#state.offline(why ?? this.#presence.why);
    } else if (!this.online || this.#channels.changed) {
      this.#channels.changed = false;
      this.#state.online();
    }
  }

  // messages

  #onMessage(topic: string, payload: Uint8Array, fresh: boolean): void {
    this.health.messages++;
    let useful = false;
    for (const source of this.#sources) {
      if (!source.filters.some((filter) => matches(filter, topic))) continue;
      const text = this.#textOf(topic, payload, source.large === topic);
      if (!text.ok) {
        this.#refuse(text);
        continue;
      }
      for (const finding of source.read({ topic, payload: text.value, fresh }))
        useful = this.#apply(finding, fresh) || useful;
    }
    if (!useful) this.health.strays++;
    else if (fresh) this.#presence.onSign();
    else this.#presence.onHeard();
    if (this.#presence.isThere !== this.online || this.#channels.changed) this.#settleSoon();
  }

  #textOf(topic: string, payload: Uint8Array, large: boolean): Result<string> {
    if (!large && payload.length > MESSAGE_BYTES_MAX)
      return refuse(
        'message-too-long',
        `${topic} has ${payload.length} bytes, at most ${MESSAGE_BYTES_MAX} are read`,
      );
    try {
      return ok(UTF8.decode(payload));
    } catch {
      return refuse(
        'object-malformed',
        `${topic} is no text (UTF-8): is it another format than the preset's?`,
      );
    }
  }

  /** Whether it was of use. */
  #apply(finding: Finding, fresh: boolean): boolean {
    switch (finding.type) {
      case 'value':
        return this.#onValue(finding.sensor, finding.text, fresh);
      case 'output':
        return this.#learned(finding.output.name, this.#channels.learnOutput(finding.output)) !== undefined;
      case 'state':
        this.#commands.onState(finding.name, finding.value, fresh);
        return true;
      case 'presence':
        this.#presence.onWord(finding);
        return true;
      case 'identity':
        this.#identify(finding);
        return true;
      case 'ask':
        return this.#ask(finding.topic, finding.payload);
      case 'refused':
        return this.#refuse(finding.refusal);
    }
  }

  #onValue(sensor: Sensor, text: string | null, fresh: boolean): boolean {
    const channel = this.#learned(sensor.name, this.#channels.learnSensor(sensor));
    if (channel === undefined) return false;
    if (text === null || !fresh) return true;
    if (NO_VALUE.has(text.toLowerCase()))
      return this.#refuse(refuse('device-failed', `${sensor.name} has no value now ("${text}")`));
    const value = quantity(text, sensor.measure);
    if (!value.ok) return this.#refuse(refuse(value.code, `${sensor.name}: ${value.detail}`));
    this.#presence.onSign();
    this.#settle();
    if (!this.online)
      return this.#refuse(refuse('device-failed', `${sensor.name}: ${this.#presence.why.detail}`));
    if (!this.#thinning.take(channel, performance.now())) return true;
    const { mantissa, exponent } = value.value;
    this.#audience.reading({ channel, seq: this.#channels.nextSeq(channel), mantissa, exponent });
    return true;
  }

  /** The channel, or undefined where there can be none, which is told once for each name. */
  #learned(name: string, channel: Result<number>): number | undefined {
    if (channel.ok) return channel.value;
    if (!this.#unsold.has(name) && this.#unsold.size < UNSOLD_MAX) {
      this.#unsold.set(name, channel);
      this.#refuse(channel);
    }
    return undefined;
  }

  #identify({ board, firmware, serial }: DeviceIdentity): void {
    const hex = /^[0-9a-fA-F]{1,16}$/.test(serial)
      ? serial.toLowerCase().padStart(16, '0')
      : this.identity.serial;
    const known = this.identity;
    this.identity = {
      board: shown(board, NAME_MAX) || known.board,
      firmware: shown(firmware, NAME_MAX) || known.firmware,
      serial: hex,
    };
    if (JSON.stringify(known) !== JSON.stringify(this.identity)) this.#channels.changed = true;
  }

  #ask(topic: string, payload: string): boolean {
    const nowMs = performance.now();
    if (nowMs - (this.#askedMs.get(topic) ?? Number.NEGATIVE_INFINITY) < this.#timing.ask) return true;
    this.#askedMs.set(topic, nowMs);
    void this.#link.publish(topic, payload);
    return true;
  }

  #refuse({ code, detail }: Refusal): false {
    const refusal = refuse(code, shown(detail, DETAIL_MAX));
    this.#lastRefusal = refusal;
    this.#audience.refused(refusal);
    return false;
  }
}
