/** Lines of pairs: 'temp=21.5 hum=40', 'Temp: 21.5 C, Hum: 40 %', '0R0,Ta=23.3C,Ua=37.5P'. */

import { refuse } from '../../schemas/result.ts';
import { type Format, readingText, shown } from './format.ts';
import { type MappedField, readMapped } from './mapping.ts';

/** Between two pairs: a comma, a semicolon, a tab, or a blank before the next key. Keys have no blanks. */
const BETWEEN = /[,;\t]|\s+(?=[^\s=:]+\s*[=:])/;

const pairsOf = (line: string): Map<string, string> => {
  const pairs = new Map<string, string>();
  for (const part of line.split(BETWEEN)) {
    const pair = /^\s*([^\s=:]+)\s*[=:](.*)$/.exec(part);
    if (pair !== null) pairs.set(pair[1]!, pair[2]!);
  }
  return pairs;
};

export const keyValue = (fields: readonly MappedField[]): Format => ({
  quantities: fields.map(({ quantity }) => quantity),
  isCutUnseen: true,
  board: () => 'key=value',
  read: readingText((line, sink) => {
    const pairs = pairsOf(line);
    if (pairs.size === 0) sink.refuse(refuse('object-malformed', `no key=value in ${shown(line)}`));
    else
      readMapped(
        fields,
        (key) => pairs.get(key),
        () => [...pairs.keys()],
        sink,
      );
    return undefined;
  }),
});
