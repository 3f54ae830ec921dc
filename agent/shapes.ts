/** Shapes of this field, which several parts of a configuration have. */

import { isSenmlName } from '../schemas/senml.ts';
import { isUnit } from '../schemas/unit.ts';
import { s } from './host/shape.ts';

const NAME_LENGTH_MAX = 64;

export const name = (about: string, example: string) =>
  s.refine(s.text({ about, example, lengthMax: NAME_LENGTH_MAX }), (text) =>
    isSenmlName(text)
      ? undefined
      : `"${text}" must be letters, digits and -:./_, the first a letter or digit`,
  );

export const kind = (example: string) =>
  s.text({ about: 'Kind of the capability', example, lengthMax: NAME_LENGTH_MAX });

export const unit = (example: string) =>
  s.refine(s.text({ about: 'SenML unit (RFC 8428)', example }), (text) =>
    isUnit(text) ? undefined : `"${text}" is no unit of SenML, such as Cel, Pa, %RH or m/s`,
  );

const ISO_4217 = {
  about: 'ISO 4217',
  pattern: /^[A-Z]{3}$/,
  expected: 'three capital letters',
};

export const currency = s.text({ ...ISO_4217, default: 'EUR' });

/** Of a settler. */
export const currencies = s.list(s.text({ ...ISO_4217, example: 'EUR' }), {
  about: 'What accounts may be kept in',
  min: 1,
  max: 16,
});

/** The first that stands there more than once. */
export const twice = (names: readonly string[]): string | undefined =>
  names.find((one, i) => names.indexOf(one) !== i);
