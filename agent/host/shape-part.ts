/** Parts of a configuration file and the shapes that read them. */

import { nearest } from '../../firmware-bridge/nearest.ts';

/** A part of the file: the text of a scalar, the entries of a map, the items of a list, or nothing. */
export type Part =
  | { readonly kind: 'scalar'; readonly text: string }
  | { readonly kind: 'map'; readonly entries: readonly Entry[] }
  | { readonly kind: 'list'; readonly items: readonly Place[] }
  | { readonly kind: 'absent' };
export type Entry = { readonly key: string; readonly keyOffset: number; readonly value: Place };
export type Place = { readonly name: string; readonly offset: number; readonly part: Part };

export type Reading = {
  /** Of the file: relative paths begin there. */
  readonly directory: string;
  /** One sentence about the place at `offset`; the file is refused. */
  readonly problem: (offset: number, text: string) => void;
};

/** One line, or the lines of a block, as they stand in the example. */
export type Example = string | readonly string[];

export type Shape<T> = {
  readonly about: string;
  /** 'a whole number from 1 to 60000'; '' where the keys say it. */
  readonly expected: string;
  /** Whether the file may leave it out. */
  readonly omissible: boolean;
  readonly example: () => Example;
  /** The value; anything where a problem was told. */
  readonly read: (place: Place, reading: Reading) => T;
};

const SHOWN_MAX = 80;

export const quoted = (text: string): string =>
  JSON.stringify(text.length > SHOWN_MAX ? text.slice(0, SHOWN_MAX) + '…' : text);

export const partName = (part: Part): string =>
  part.kind === 'scalar' ? quoted(part.text) : part.kind === 'absent' ? 'nothing' : `a ${part.kind}`;

/** `T` where a problem was told: the value is never seen. */
export const INVALID = undefined as never;

/** The end of a sentence about a word that is none of those. */
export const meant = (text: string, words: readonly string[]): string => {
  const word = nearest(text, words);
  return word === undefined ? '' : `: did you mean "${word}"?`;
};
