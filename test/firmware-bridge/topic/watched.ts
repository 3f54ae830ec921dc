/** Devices of the topic driver on a broker of a test, and what they tell. */

import * as assert from 'uvu/assert';
import type { Device } from '../../../firmware-bridge/device.ts';
import type { Mapping, SensorMapping } from '../../../firmware-bridge/topic/mapping.ts';
import { openTopic, type TopicOptions } from '../../../firmware-bridge/topic.ts';
import type { Refusal } from '../../../schemas/result.ts';
import { HomeBroker, type HomeBrokerOptions } from './home-broker.ts';

export const TEMPERATURE: SensorMapping = {
  name: 'temperature',
  kind: 'temperature',
  unit: '°C',
  topic: 'shed/t',
};

export const PUMP = { name: 'pump', kind: 'switch', unit: '/', topic: 'shed/pump/set', words: ['OFF', 'ON'] };

export const mapped = (mapping: Partial<Mapping> = {}): { readonly mapping: Mapping } => ({
  mapping: { sensors: [TEMPERATURE], outputs: [], ...mapping },
});

/** What a device tells, as it comes. */
class Watched {
  readonly readings: string[] = [];
  readonly refused: Refusal[] = [];
  readonly states: string[] = [];
  readonly device: Device;
  constructor(device: Device) {
    this.device = device;
    device.listen({
      onReading: ({ channel, seq, mantissa, exponent }) =>
        this.readings.push(`${channel}#${seq} ${mantissa}e${exponent}`),
      onRefused: (refusal) => this.refused.push(refusal),
      onState: (state) => this.states.push(state.online ? 'online' : `${state.code} ${state.detail}`),
    });
  }
}

const BACKOFF = { first: 5, max: 20 };

export const open = async (broker: HomeBroker, options: Partial<TopicOptions>): Promise<Watched> => {
  const opened = await openTopic({ url: broker.url, backoff: BACKOFF, ...options });
  if (!opened.ok) throw new Error(`${opened.code}: ${opened.detail}`);
  return new Watched(opened.value);
};

export const failing = async (url: string, options: Partial<TopicOptions>): Promise<Refusal> => {
  const timing = { open: 1000, ...options.timing };
  const opened = await openTopic({ url, backoff: BACKOFF, ...options, timing });
  assert.not(opened.ok, 'it opened');
  return opened as Refusal;
};

export const withBroker =
  (body: (broker: HomeBroker) => Promise<void>, options: HomeBrokerOptions = {}) =>
  async (): Promise<void> => {
    const broker = await new HomeBroker(options).open();
    try {
      await body(broker);
    } finally {
      await broker.close();
    }
  };
