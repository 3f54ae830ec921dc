/** Boards with a Firmata firmware: parts of johnny-five, named in the configuration. */

import type { Device } from '../../firmware-bridge/device.ts';
import type { FirmataOutput, FirmataSensor, PartOptions } from '../../firmware-bridge/firmata.ts';
import type { Result } from '../../schemas/result.ts';
import { PERIOD_MS_MAX } from '../../schemas/serial.ts';
import { type Infer, s } from '../host/shape.ts';
import { INVALID, type Place, partName, type Reading, type Shape } from '../host/shape-part.ts';
import { kind, name } from '../shapes.ts';

const EXPONENT_MAX = 12;
/** Options of options (a display's pins by their names); deeper ones no class of johnny-five takes. */
const OPTIONS_DEPTH_MAX = 4;

/** A number, also in hexadecimal, true or false, or a text. */
const scalarOf = (text: string): unknown => {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^(0x[0-9a-f]+|-?\d+(\.\d+)?)$/i.test(text) ? Number(text) : text;
};

const optionOf = ({ part, name: called, offset }: Place, reading: Reading, depth: number): unknown => {
  if (depth > OPTIONS_DEPTH_MAX)
    reading.problem(offset, `${called} is deeper than any option of johnny-five`);
  else if (part.kind === 'scalar') return scalarOf(part.text);
  else if (part.kind === 'list') return part.items.map((item) => optionOf(item, reading, depth + 1));
  else if (part.kind === 'map')
    return Object.fromEntries(
      part.entries.map(({ key, value }) => [key, optionOf(value, reading, depth + 1)] as const),
    );
  return INVALID;
};

/** Whatever johnny-five's documentation says of the class. */
const options: Shape<PartOptions> = {
  about: "Options of the class, as johnny-five's documentation has them",
  expected: 'pin, controller, address, invert, pullup and so on',
  omissible: true,
  example: () => ['pin: A0', 'controller: TMP36'],
  read: (place, reading) => {
    if (place.part.kind === 'absent') return {};
    if (place.part.kind === 'map') return optionOf(place, reading, 0) as PartOptions;
    reading.problem(
      place.offset,
      `${place.name} must be options such as { pin: A0 }, not ${partName(place.part)}`,
    );
    return INVALID;
  },
};

const className = (example: string) =>
  s.text({
    about: 'Class of johnny-five',
    pattern: /^[A-Z][A-Za-z0-9]*(\.[A-Z][A-Za-z0-9]*)?$/,
    expected: 'a class such as Thermometer or Led.RGB',
    example,
  });
const member = { pattern: /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)?$/, expected: 'a name such as celsius' };
const exponent = s.optional(
  s.integer({
    about: 'Readings and commands are integers times ten to the power of this (default: by class)',
    min: -EXPONENT_MAX,
    max: EXPONENT_MAX,
    example: -2,
  }),
);

const sensor = s.object(
  {
    name: name('What it is called on this device', 'outdoor'),
    kind: kind('temperature'),
    class: className('Thermometer'),
    options,
    property: s.optional(
      s.text({ about: 'What is read (default: by class)', example: 'celsius', ...member }),
    ),
    unit: s.optional(
      s.text({
        about: 'Unit of the property, SenML or what converts to it (default: by class)',
        example: 'Cel',
      }),
    ),
    exponent,
    zero: s.optional(s.decimal({ about: 'Taken from the property', example: '102.4' })),
    scale: s.optional(s.decimal({ about: 'Then multiplied by this', example: '0.0048828125' })),
    periodMs: s.integer({
      about: 'Time between two readings; 0: at each change',
      min: 0,
      max: PERIOD_MS_MAX,
      default: 1000,
    }),
  },
  { about: 'A sensor' },
);

const output = s.object(
  {
    name: name('What it is called on this device', 'lamp'),
    kind: kind('lamp'),
    class: className('Led'),
    options,
    unit: s.optional(s.text({ about: 'SenML unit of the value (default: by class)', example: '/' })),
    exponent,
    method: s.optional(
      s.text({ about: 'Called with the value (default: by class)', example: 'brightness', ...member }),
    ),
    min: s.optional(
      s.integer({ about: 'Least value of the method', min: -1_000_000, max: 1_000_000, example: 0 }),
    ),
    max: s.optional(s.integer({ about: 'Most', min: -1_000_000, max: 1_000_000, example: 255 })),
    values: s.optional(
      s.list(s.text({ about: 'A method', example: 'off', ...member }), {
        about: 'Instead: the methods that 0, 1 and so on call (default: by class)',
        min: 1,
      }),
    ),
  },
  { about: 'An output' },
);

export const SHAPE_FIRMATA = {
  path: s.path({ about: 'Serial port', example: '/dev/serial/by-id/usb-Arduino_Uno-if00' }),
  baudRate: s.integer({ about: "The firmware's", min: 300, max: 2_000_000, default: 57_600 }),
  sensors: s.list(sensor, { about: 'Parts that are read' }),
  outputs: s.list(output, { about: 'Parts that take commands' }),
};

type FirmataConfig = { readonly [Key in keyof typeof SHAPE_FIRMATA]: Infer<(typeof SHAPE_FIRMATA)[Key]> };

/** Without what the file left out. */
const given = (part: object): unknown =>
  Object.fromEntries(Object.entries(part).filter(([, value]) => value !== null));

export const openFirmata = async ({ path, baudRate, ...parts }: FirmataConfig): Promise<Result<Device>> => {
  const driver = await import('../../firmware-bridge/firmata.ts');
  const sensors = parts.sensors.map((part) => given(part) as FirmataSensor);
  const outputs = parts.outputs.map((part) => given(part) as FirmataOutput);
  return driver.openFirmata({ path, baudRate, sensors, outputs });
};
