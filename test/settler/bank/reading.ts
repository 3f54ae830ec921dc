/** How tests look into bank files. */

import type { Result } from '../../../schemas/result.ts';

export const sure = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(`${result.code}: ${result.detail}`);
  return result.value;
};

/** The texts of all elements of that name, in order. */
export const leaves = (xml: string, element: string): string[] =>
  [...xml.matchAll(new RegExp(`<${element}[^>]*>([^<]*)</${element}>`, 'g'))].map((match) => match[1]!);

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
