/**
 * A line that is an MQTT client over Wi-Fi: the module `tollbridge-radio`. One frame a message, as it would be on
 * a wire; the host's come at TOPIC/in, the board's go to TOPIC/out. Over Bluetooth no module is needed: Espruino's
 * `Bluetooth` is a line already.
 */

import type { Line } from './device.ts';

/** `require("MQTT")`. Not tinyMQTT, which keeps what it publishes, and 127 bytes of it. */
type Client = {
  readonly connected: boolean;
  readonly on: ((event: 'connected', run: () => void) => void) &
    ((event: 'publish', take: (it: { readonly topic: string; readonly message: string }) => void) => void);
  readonly subscribe: (topic: string) => void;
  readonly publish: (topic: string, message: string) => void;
};

declare const exports: { line: (client: Client, topic: string) => Line };

/** The client calls `toString()`, which makes "1,2,3" of bytes: it gets a string of them. */
const binary = (bytes: Uint8Array): string => {
  let text = '';
  for (let i = 0; i < bytes.length; i++) text += String.fromCharCode(bytes[i]!);
  return text;
};

exports.line = (client, topic) => ({
  write: (bytes) => {
    if (client.connected) client.publish(topic + '/out', binary(bytes));
    return client.connected;
  },
  on: (_, take) => {
    const join = (): void => {
      client.subscribe(topic + '/in');
      client.publish(topic + '/out', '\0'); // an empty frame: whoever waits for us need not any more
    };
    client.on('connected', join);
    if (client.connected) join();
    client.on('publish', (it) => {
      if (it.topic === topic + '/in') take(it.message);
    });
  },
});
