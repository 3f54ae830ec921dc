/** Outputs by words (OFF, ON) or by numbers. */

import { decimalOf, decimalToText } from '../../schemas/decimal.ts';
import type { Output } from './source.ts';
import { fillTemplate } from './template.ts';

/** What a switch says for 0 and 1. */
export const OFF_ON: readonly string[] = ['OFF', 'ON'];

/** `words` for 0, 1 and so on, or none for numbers; `payload` is a template for either. */
export const settable = (
  output: Omit<Output, 'payloadOf'>,
  words: readonly string[],
  payload: string,
): Output => ({
  ...output,
  payloadOf: (value) =>
    fillTemplate(payload, words[value] ?? decimalToText(decimalOf(value, output.exponent))),
});

/** An output that is on or off, and says so. */
export const switchOutput = (
  name: string,
  topic: string,
  words: readonly string[] = OFF_ON,
  payload = '{}',
): Output =>
  settable(
    { name, kind: 'switch', unit: '/', exponent: 0, min: 0, max: 1, topic, confirmed: true },
    words,
    payload,
  );
