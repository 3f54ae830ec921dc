/** Where a board with our firmware is: at a port, or on a topic of MQTT. */

import type { Refusal } from '../schemas/result.ts';
import type { BackoffMs } from './backoff.ts';
import type { Line, LineEvents } from './line.ts';
import { MqttLine, type MqttPlace } from './mqtt-line.ts';
import type { Binding } from './port.ts';
import { SerialLine } from './serial-line.ts';

const BAUD_RATE = 115_200;

type SerialPlace = {
  readonly path: string;
  /** Default: the ports of this system. */
  readonly binding?: Binding;
  readonly baudRate?: number;
};

export type Place = SerialPlace | { readonly mqtt: MqttPlace };

/** `onRefused` is told of MQTT messages that are no part of the line, and why. */
export const lineTo = (
  place: Place & { readonly backoff?: Partial<BackoffMs> },
  events: LineEvents,
  onRefused: (refusal: Refusal) => void,
): Line =>
  'mqtt' in place
    ? new MqttLine(place.mqtt, place.backoff, events, onRefused)
    : new SerialLine({ ...place, baudRate: place.baudRate ?? BAUD_RATE }, events);

/** What to look at where nobody answers. */
export const hintFor = (place: Place): string => {
  if (!('mqtt' in place)) return 'is it powered, and is the firmware ours?';
  const { topic } = place.mqtt;
  return `is it on the broker, and may it read ${topic}/in and write ${topic}/out, and we the reverse?`;
};
