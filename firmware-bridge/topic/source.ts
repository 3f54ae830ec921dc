/**
 * What somebody's topics say, in the words of a `Device`. A source is told each message and answers with its
 * findings; it knows nothing of connections, channels or time. Presets and mappings are sources.
 */

import type { Refusal } from '../../schemas/result.ts';
import type { Measure } from '../quantity.ts';

export type Message = {
  readonly topic: string;
  readonly payload: string;
  /**
   * Said just now. A message that the broker had kept (retained), or that is a repetition (dup), may be old:
   * it makes known what there is, and is no reading.
   */
  readonly fresh: boolean;
};

/** Something measured, under a SenML name that is its alone on the device. */
export type Sensor = { readonly name: string; readonly kind: string; readonly measure: Measure };

/** Something that can be set: a value is an integer from `min` to `max`, of 10^exponent `unit`. */
export type Output = {
  readonly name: string;
  readonly kind: string;
  /** SenML unit. */
  readonly unit: string;
  readonly exponent: number;
  readonly min: number;
  readonly max: number;
  readonly topic: string;
  readonly payloadOf: (value: number) => string;
  /** Whether the device tells its new state; else the broker's acknowledgement has to do. */
  readonly confirmed: boolean;
};

export type Finding =
  /** `text` is null where the message says only that there is such a sensor. */
  | { readonly type: 'value'; readonly sensor: Sensor; readonly text: string | null }
  | { readonly type: 'output'; readonly output: Output }
  /** What an output is set to, or undefined where it is nothing it can be set to. */
  | { readonly type: 'state'; readonly name: string; readonly value: number | undefined }
  /** By the device's own word, its last will for example. */
  | { readonly type: 'presence'; readonly online: boolean; readonly detail: string }
  | { readonly type: 'identity'; readonly board: string; readonly firmware: string; readonly serial: string }
  | { readonly type: 'refused'; readonly refusal: Refusal }
  /** To be published: the device is asked to say more. */
  | { readonly type: 'ask'; readonly topic: string; readonly payload: string };

export interface Source {
  /** What it is called where the device does not say. */
  readonly board: string;
  /** To be subscribed to. */
  readonly filters: readonly string[];
  /** Those of them whose messages may be large: a description of all devices. */
  readonly large?: string;
  /** What is so before anything is said; in each connection anew. */
  readonly known: readonly Finding[];
  /** Whether the device counts as there only when it has said something. */
  readonly mustSpeak: boolean;
  /** The device counts as gone when nothing was said for this long; 0: it never does. */
  readonly silenceMs: number;
  read(message: Message): readonly Finding[];
  /** The connection was lost: what only held in it is forgotten. */
  reset(): void;
}

/** A text that stands for 0 or 1, or for more where there are more words; undefined if it is none. */
export const indexOfWord = (words: readonly string[], text: string): number | undefined => {
  const exact = words.indexOf(text);
  const index = exact >= 0 ? exact : words.findIndex((word) => word.toLowerCase() === text.toLowerCase());
  return index < 0 ? undefined : index;
};
