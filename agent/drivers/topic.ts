/** Devices that already speak MQTT, on whatever broker they are. */

import type { Device } from '../../firmware-bridge/device.ts';
import type { Mapping } from '../../firmware-bridge/topic/mapping.ts';
import { PRESETS } from '../../firmware-bridge/topic/presets.ts';
import { sourcesOf, type Topics } from '../../firmware-bridge/topic/sources.ts';
import { ok, type Result, refuse } from '../../schemas/result.ts';
import { type Infer, s } from '../host/shape.ts';
import { kind, name, unit } from '../shapes.ts';
import { BROKER, reach } from './broker.ts';

const DAY_S = 86_400;
const I32_MAX = 2_147_483_647;
const LINES_MAX = 64;

const place = {
  topic: s.text({ about: 'Topic, or a filter with + and #', example: 'shed/climate' }),
  pointer: s.optional(
    s.text({
      about: 'Where in a JSON message; else the message is the value itself',
      example: '/AM2301/Temperature',
    }),
  ),
  template: s.optional(
    s.text({ about: 'What stands around the value, with {} in its place', example: 'T={}' }),
  ),
};

const words = s.list(s.text({ about: 'A word', example: 'closed', lengthMax: 64 }), {
  about: 'Words for 0, 1 and so on, where it is no number',
  max: 16,
});

const sensor = s.object(
  {
    name: name('What it is called on this device', 'temperature'),
    kind: kind('temperature'),
    unit: s.text({ about: 'The unit that the device means; / for words', example: '°C' }),
    ...place,
    words,
    scale: s.optional(s.decimal({ about: 'Times this, where it says tenths or such', example: '0.1' })),
    exponent: s.optional(
      s.integer({
        about: 'Rounded to this power of ten of the SenML unit that it becomes',
        min: -12,
        max: 12,
        example: -2,
      }),
    ),
    min: s.optional(s.decimal({ about: 'Least plausible value, in its unit', example: '-40' })),
    max: s.optional(s.decimal({ about: 'Greatest plausible value', example: '60' })),
  },
  { about: 'A value in a message' },
);

const output = s.object(
  {
    name: name('What it is called on this device', 'valve'),
    kind: kind('valve'),
    unit: unit('/'),
    topic: s.text({ about: 'Where commands are published', example: 'shed/valve/set' }),
    payload: s.text({ about: 'What is published, with {} for the value', default: '{}' }),
    words,
    exponent: s.integer({
      about: 'Values are integers times ten to the power of this',
      min: -12,
      max: 12,
      default: 0,
    }),
    min: s.integer({ about: 'Least value', min: -I32_MAX, max: I32_MAX, default: 0 }),
    max: s.optional(
      s.integer({
        about: 'Greatest value; else the last word, or 1',
        min: -I32_MAX,
        max: I32_MAX,
        example: 100,
      }),
    ),
    state: s.optional(
      s.object(place, { about: 'Where it says what it is set to; else a command is done when it is sent' }),
    ),
  },
  { about: 'Something that can be set' },
);

const availability = s.optional(
  s.object(
    {
      ...place,
      online: s.text({ about: 'The word for being there', default: 'online' }),
      offline: s.text({ about: 'The word for being gone', default: 'offline' }),
    },
    { about: 'Where the device, or its last will, says whether it is there' },
  ),
);

const declared = s.object(
  {
    preset: s.optional(s.choice(PRESETS, { about: 'Project whose topics are known' })),
    device: s.optional(
      s.text({
        about:
          'Its name there: a friendly name, a topic, an entity such as sensor.outdoor, group/node/device',
        example: 'garden/thermometer',
      }),
    ),
    prefix: s.optional(
      s.text({
        about: "Where the project's topics begin, if not as usual; Tasmota: FullTopic",
        example: 'zigbee2mqtt',
      }),
    ),
    sensors: s.list(sensor, { about: 'What the preset does not say, or all', max: LINES_MAX }),
    outputs: s.list(output, { about: 'What can be set', max: LINES_MAX }),
    availability,
  },
  { about: 'What its messages mean' },
);

type Given<T> = { readonly [K in keyof T]: null extends T[K] ? Exclude<T[K], null> | undefined : T[K] };

/** What the file left out is not there. */
const given = <T extends object>(part: T): Given<T> =>
  Object.fromEntries(Object.entries(part).map(([key, value]) => [key, value ?? undefined])) as never;

const topicsOf = (value: Infer<typeof declared>): Result<Topics> => {
  const { preset, device, prefix, sensors, outputs } = value;
  if ((preset === null) !== (device === null))
    return refuse('config-invalid', 'a preset needs a device, and a device a preset: write both, or neither');
  if (preset === null && prefix !== null)
    return refuse('config-invalid', 'a prefix is of a preset: write the whole topics of sensors and outputs');
  const mapping: Mapping = {
    sensors: sensors.map(given),
    outputs: outputs.map((one) => ({
      ...given(one),
      state: one.state === null ? undefined : given(one.state),
    })),
    availability: value.availability === null ? undefined : given(value.availability),
  };
  if (preset === null || device === null) return ok({ mapping });
  return ok({ preset: { name: preset, device, prefix: prefix ?? undefined }, mapping });
};

const topics = s.refine(declared, (value) => {
  const sources = topicsOf(value);
  const opened = sources.ok ? sourcesOf(sources.value) : sources;
  return opened.ok ? undefined : opened.detail;
});

export const SHAPE_TOPIC = {
  broker: BROKER,
  topics,
  silenceS: s.optional(
    s.integer({
      about: 'Without a word for this long it is away; else what the preset thinks',
      min: 1,
      max: 30 * DAY_S,
      example: 900,
    }),
  ),
};

type TopicConfig = { readonly [Key in keyof typeof SHAPE_TOPIC]: Infer<(typeof SHAPE_TOPIC)[Key]> };

/** Codes: config-invalid, storage-failed (a file that cannot be read), those of the driver. */
export const openTopic = async ({ broker, topics, silenceS }: TopicConfig): Promise<Result<Device>> => {
  const told = topicsOf(topics);
  if (!told.ok) return told;
  const reached = reach(broker);
  if (!reached.ok) return reached;
  const driver = await import('../../firmware-bridge/topic.ts');
  return driver.openTopic({
    ...told.value,
    ...reached.value,
    ...(silenceS === null ? {} : { timing: { silence: 1000 * silenceS } }),
  });
};
