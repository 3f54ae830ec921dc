/** Boards with our firmware: at a serial port, or on a broker. */

import type { Device } from '../../firmware-bridge/device.ts';
import { isTopic } from '../../firmware-bridge/mqtt/filter.ts';
import type { Result } from '../../schemas/result.ts';
import { type Infer, s } from '../host/shape.ts';
import type { Shape } from '../host/shape-part.ts';
import { BROKER, reach } from './broker.ts';

const topicProblem = (topic: string): string | undefined => {
  if (!isTopic(topic)) return `"${topic}" is no topic: it has at most 256 letters, and neither + nor #`;
  if (topic.startsWith('tb1/')) return `"${topic}": under tb1/ are the messages of the market`;
  const end = /\/(in|out)$/.exec(topic)?.[0];
  return end === undefined ? undefined : `"${topic}": leave "${end}" out, it is added for each direction`;
};

/** The example has a port: in a file with a broker it is left out. */
const path: Shape<string | null> = {
  ...s.optional(
    s.path({
      about: 'Serial port; else broker and topic',
      example: '/dev/serial/by-id/usb-Arduino_Uno-if00',
    }),
  ),
  omissible: false,
};

export const SHAPE_FRAMES = {
  path,
  broker: s.optional(BROKER),
  topic: s.optional(
    s.refine(
      s.text({
        about: 'Where a board on MQTT is: it reads at TOPIC/in and writes at TOPIC/out',
        example: 'boards/shed',
      }),
      topicProblem,
    ),
  ),
  serial: s.optional(
    s.text({
      about: 'Serial number of the board, any other there is refused; tollbridge devices tells it',
      pattern: /^[0-9a-f]{16}$/i,
      expected: '16 hexadecimal digits',
      example: '7462000000000001',
    }),
  ),
  meterKey: s.optional(
    s.path({
      about: 'File of its meter key, made by tollbridge devices provision: it delivers what is paid for',
      example: 'station.meter-key',
    }),
  ),
};

type FramesConfig = { readonly [Key in keyof typeof SHAPE_FRAMES]: Infer<(typeof SHAPE_FRAMES)[Key]> };

/** What is wrong with where the board is said to be. */
export const placeProblem = ({ path, broker, topic }: FramesConfig): string | undefined => {
  if (path !== null)
    return broker === null && topic === null
      ? undefined
      : 'a board is at a port or on a broker: leave path out, or broker and topic';
  if (broker === null && topic === null)
    return 'path is missing, the serial port of the board; or broker and topic, where it is on MQTT';
  if (broker === null) return `broker is missing, where the topic ${topic} is`;
  return topic === null ? 'topic is missing, such as boards/shed: a broker has many boards' : undefined;
};

/** Codes: config-invalid, storage-failed (a file that cannot be read), those of the driver. */
export const openFrames = async (config: FramesConfig): Promise<Result<Device>> => {
  const { path, broker, topic } = config;
  const serial = config.serial ?? undefined;
  const driver = await import('../../firmware-bridge/frames.ts');
  if (broker === null || topic === null) return driver.openFrames({ path: path!, serial });
  const reached = reach(broker);
  return reached.ok ? driver.openFrames({ mqtt: { ...reached.value, topic }, serial }) : reached;
};
