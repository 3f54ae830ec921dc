/** What a format makes of lines, as text: 'wind-speed 51e-1 m/s', and why not. */

import { convert } from '../../../firmware-bridge/lines/conversion.ts';
import type { Format, Sink } from '../../../firmware-bridge/lines/format.ts';
import type { Mapping } from '../../../firmware-bridge/lines/mapping.ts';
import type { Result } from '../../../schemas/result.ts';

export type Heard = {
  readonly values: string[];
  readonly refused: string[];
  /** Of a line that is damaged. */
  readonly damage: string;
};

export const hear = (format: Format, line: string): Heard => {
  const values: string[] = [];
  const refused: string[] = [];
  const sink: Sink = {
    measure: (quantity, written, by) => {
      const mantissa = convert(written.mantissa, written.exponent, by, quantity.exponent);
      values.push(`${quantity.name} ${mantissa}e${quantity.exponent} ${quantity.unit}`);
    },
    refuse: ({ code, detail }) => refused.push(`${code}: ${detail}`),
  };
  const bytes = Buffer.from(line);
  const damage = format.read(bytes, bytes.length, sink);
  return { values, refused, damage: damage === undefined ? '' : `${damage.code}: ${damage.detail}` };
};

export const good = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(result.detail);
  return result.value;
};

export const withChecksum = (body: string): string => {
  let sum = 0;
  for (const byte of Buffer.from(body)) sum ^= byte;
  return `$${body}*${sum.toString(16).toUpperCase().padStart(2, '0')}`;
};

export const mapping = (field: string, rest: Partial<Mapping> = {}): Mapping => ({
  ...{ field, name: 'temperature', kind: 'temperature', unit: '°C', exponent: -2 },
  ...rest,
});
