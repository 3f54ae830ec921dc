/** Instruments that print text. */

import type { Device } from '../../firmware-bridge/device.ts';
import { formatFor, type LinesFormat } from '../../firmware-bridge/lines/formats.ts';
import type { Mapping } from '../../firmware-bridge/lines/mapping.ts';
import type { Result } from '../../schemas/result.ts';
import { type Infer, s } from '../host/shape.ts';
import { kind, name } from '../shapes.ts';

const DAY_S = 86_400;

const mapping = s.object(
  {
    field: s.text({
      about:
        'Where the value stands: a key, a column, a JSON pointer such as /out/temp, a field such as HDM.1',
      example: 'temp',
    }),
    name: name('Name of the sensor that it becomes', 'temperature'),
    kind: kind('temperature'),
    unit: s.text({ about: 'The unit that the instrument writes', example: '°C' }),
    exponent: s.integer({
      about: 'Rounded to this power of ten of the SenML unit that it becomes',
      min: -12,
      max: 12,
      default: -2,
    }),
    scale: s.optional(s.decimal({ about: 'Times this, where it writes tenths or such', example: '0.1' })),
    min: s.optional(s.decimal({ about: 'Least plausible value, as it writes it', example: '-40' })),
    max: s.optional(s.decimal({ about: 'Greatest plausible value', example: '60' })),
    suffix: s.optional(s.text({ about: 'What stands behind each number', example: 'C', lengthMax: 16 })),
    none: s.list(s.text({ about: 'A text', example: '--', lengthMax: 16 }), {
      about: 'What stands there when there is no value',
      max: 8,
    }),
  },
  { about: 'What a field of a line means' },
);

const needed = s.list(mapping, { about: 'What the fields mean', min: 1, max: 64 });

/** What the instrument prints; whoever writes it wrong is told at the start. */
const text = s.refine(
  s.variant(
    'format',
    {
      nmea: {
        checksum: s.choice(['required', 'optional'], {
          about: 'Whether a sentence without one is refused; a wrong one always is',
          default: 'required',
        }),
        mapping: s.list(mapping, { about: 'What fields of other sentences mean', max: 64 }),
      },
      ultimeter: {
        rain: s.choice(['0.01in', '0.1mm'], { about: 'One count of the rain gauge', default: '0.01in' }),
      },
      'key-value': { mapping: needed },
      csv: {
        delimiter: s.choice(['comma', 'semicolon', 'tab', 'space'], {
          about: 'Between two columns',
          default: 'comma',
        }),
        columns: s.list(s.text({ about: 'A name', example: 'temp' }), {
          about: 'Names of the columns; else a field is a number from 1',
          max: 128,
        }),
        header: s.boolean({ about: 'The instrument prints the names itself', default: 'false' }),
        mapping: needed,
      },
      json: { mapping: needed },
    },
    { about: 'What it prints' },
  ),
  (value) => {
    const format = formatFor(formatOf(value));
    return format.ok ? undefined : format.detail;
  },
);

export const SHAPE_LINES = {
  path: s.path({ about: 'Serial port', example: '/dev/serial/by-id/usb-FTDI_FT232R-if00-port0' }),
  text,
  baudRate: s.optional(
    s.integer({
      about: 'Else 4800 for nmea, 2400 for ultimeter, 115200 for json, 9600',
      min: 50,
      max: 4_000_000,
      example: 4800,
    }),
  ),
  silenceS: s.integer({ about: 'Without a value for this long it is away', min: 1, max: DAY_S, default: 60 }),
};

type LinesConfig = { readonly [Key in keyof typeof SHAPE_LINES]: Infer<(typeof SHAPE_LINES)[Key]> };

const mappingOf = (one: Infer<typeof mapping>): Mapping => ({
  ...one,
  scale: one.scale ?? undefined,
  min: one.min ?? undefined,
  max: one.max ?? undefined,
  suffix: one.suffix ?? undefined,
});

const formatOf = (value: Infer<typeof text>): LinesFormat => {
  if (value.format === 'ultimeter') return value;
  const mapped = value.mapping.map(mappingOf);
  if (value.format !== 'csv') return { ...value, mapping: mapped };
  return { ...value, mapping: mapped, columns: value.columns.length === 0 ? undefined : value.columns };
};

export const openLines = async ({ path, text, baudRate, silenceS }: LinesConfig): Promise<Result<Device>> => {
  const driver = await import('../../firmware-bridge/lines.ts');
  return driver.openLines({
    ...formatOf(text),
    path,
    baudRate: baudRate ?? undefined,
    timing: { silence: 1000 * silenceS },
  });
};
