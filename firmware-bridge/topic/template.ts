/**
 * Templates: a text with one "{}" in it, where a value stands.
 *
 * Read, "T={}" takes 21.5 out of "WT=9;T=21.5;H=40": what is before "{}" is searched for where no letter or
 * digit precedes it, and the value goes on until what is behind "{}", or, where nothing is, until a blank,
 * a comma, a semicolon, "&" or "|". Written, the value is put in: '{"state":"{}"}' to '{"state":"ON"}'.
 */

import { ok, type Result, refuse } from '../../schemas/result.ts';

const HOLE = '{}';
const TEMPLATE_LENGTH_MAX = 256;
const SHOWN_MAX = 80;

export const isTemplate = (text: string): boolean =>
  text.length <= TEMPLATE_LENGTH_MAX && text.split(HOLE).length === 2;

export const fillTemplate = (template: string, value: string): string => {
  const [before, after] = template.split(HOLE);
  return before + value + after;
};

const placeOf = (text: string, before: string): number => {
  if (before === '') return 0;
  for (let at = text.indexOf(before); at >= 0; at = text.indexOf(before, at + 1)) {
    const joined =
      /^[\p{L}\p{N}]/u.test(before) && /[\p{L}\p{N}]$/u.test(text.slice(Math.max(0, at - 2), at));
    if (!joined) return at + before.length;
  }
  return -1;
};

/** The value in the text. Code: object-malformed (the text is of another form). */
export const readTemplate = (template: string, text: string): Result<string> => {
  const [before = '', after = ''] = template.split(HOLE);
  const from = placeOf(text, before);
  const rest = from < 0 ? '' : text.slice(from);
  const end = after === '' ? rest.search(/[\s,;&|]|$/) : rest.indexOf(after);
  if (from >= 0 && end > 0) return ok(rest.slice(0, end).trim());
  return refuse('object-malformed', `"${text.slice(0, SHOWN_MAX)}" is not of the form "${template}"`);
};
