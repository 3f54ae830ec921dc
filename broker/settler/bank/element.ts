/** An element of a bank's document, and how its parts are asked for: what is doubtful stops the reading. */

import type { Code } from '../../../schemas/result.ts';
import { shown, stop } from './refusing.ts';

export type Element = {
  /** Without a prefix; empty where it is of a foreign namespace. */
  readonly name: string;
  readonly line: number;
  readonly parent: Element | null;
  /** Those without a namespace; null where there are none. */
  readonly attributes: Readonly<Record<string, string>> | null;
  readonly children: readonly Element[];
  readonly text: string;
};

const pathOf = (element: Element): string =>
  element.parent === null ? element.name : `${pathOf(element.parent)}/${element.name}`;

/** Where an element stands, for people. */
export const placeOf = (element: Element): string => `line ${element.line}, ${pathOf(element)}`;

/** Stops at an element. */
export const stopAt = (element: Element, detail: string, code: Code = 'object-malformed'): never =>
  stop(code, `${placeOf(element)}: ${detail}`);

export const childrenOf = (element: Element, name: string): readonly Element[] =>
  element.children.filter((child) => child.name === name);

/** The one at the end of the path; null where there is none. Two of a kind are one too many: which one counts? */
export const childAt = (element: Element, ...path: readonly string[]): Element | null => {
  let at = element;
  for (const name of path) {
    const [found, second] = childrenOf(at, name);
    if (second !== undefined) stopAt(second, 'it occurs twice, where one is allowed');
    if (found === undefined) return null;
    at = found;
  }
  return at;
};

export const needChild = (element: Element, ...path: readonly string[]): Element =>
  childAt(element, ...path) ?? stopAt(element, `it has no ${path.join('/')}`);

/** The text of an element that has nothing else in it, without blanks around. */
export const textOf = (element: Element): string =>
  element.children.length > 0 ? stopAt(element, 'a text is expected, not elements') : element.text.trim();

/** Null also where it is empty, which some banks write for nothing. */
export const textAt = (element: Element, ...path: readonly string[]): string | null => {
  const child = childAt(element, ...path);
  const text = child === null ? '' : textOf(child);
  return text === '' ? null : text;
};

/** ISO 20022's Max35Text, which ids are: longer ones are no id of ours, nor fit a column. */
const ID_LENGTH_MAX = 35;

export const idAt = (element: Element, ...path: readonly string[]): string | null => {
  const id = textAt(element, ...path);
  if (id === null || id.length <= ID_LENGTH_MAX) return id;
  return stopAt(childAt(element, ...path)!, `${shown(id)} is longer than ${ID_LENGTH_MAX} characters`);
};

/** What people are shown of a bank's texts. */
const LINE_LENGTH_MAX = 500;

/** Texts on one line, without empty ones. */
export const oneLine = (texts: readonly string[]): string =>
  texts.join(' ').replace(/\s+/g, ' ').trim().slice(0, LINE_LENGTH_MAX).trim();

/** All texts of that name on one line. */
export const lineOf = (element: Element, name: string): string =>
  oneLine(childrenOf(element, name).map(textOf));
