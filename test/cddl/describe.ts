/** Types and values as a person reads them in a verdict. */

import { toHex } from '../../schemas/bytes.ts';
import { type Cbor, CborMap, CborTag } from '../../schemas/cbor.ts';
import type { Entry, Group, Type } from './syntax.ts';

/** Enough to recognise a type; what is inside brackets has a path of its own. */
const CHARS_MAX = 60;

const short = (text: string): string => (text.length > CHARS_MAX ? `${text.slice(0, CHARS_MAX)}…` : text);

const describeEntry = (entry: Entry): string => {
  const key = entry.key === undefined ? '' : `${typeText(entry.key)} => `;
  if (entry.min === 1 && entry.max === 1) return key + typeText(entry.type);
  if (entry.min === 0 && entry.max === 1) return `? ${key}${typeText(entry.type)}`;
  const max = entry.max === Number.POSITIVE_INFINITY ? '' : entry.max;
  return `${entry.min}*${max} ${key}${typeText(entry.type)}`;
};

const groupText = (group: Group): string =>
  group.choices.map((entries) => entries.map(describeEntry).join(', ')).join(' // ');

const typeText = (type: Type): string => {
  switch (type.kind) {
    case 'literal':
      return describeValue(type.value);
    case 'name':
      return type.name;
    case 'choice':
      return type.of.map(typeText).join(' / ');
    case 'range':
      return `${typeText(type.low)}${type.open ? ' ... ' : ' .. '}${typeText(type.high)}`;
    case 'control':
      return `${typeText(type.target)} ${type.operator} ${typeText(type.argument)}`;
    case 'array':
      return `[${groupText(type.group)}]`;
    case 'map':
      return `{${groupText(type.group)}}`;
    case 'group':
      return `(${groupText(type.group)})`;
    case 'enumeration':
      return `&(${groupText(type.group)})`;
    case 'unwrap':
      return `~${typeText(type.of)}`;
    case 'tag':
      return `#6${type.tag === undefined ? '' : `.${type.tag}`}${type.of === undefined ? '' : `(${typeText(type.of)})`}`;
    case 'major':
      return `#${type.major ?? ''}${type.info === undefined ? '' : `.${type.info}`}`;
  }
};

export const describeType = (type: Type): string => short(typeText(type));

export const describeValue = (value: Cbor): string => {
  if (value instanceof Uint8Array) return `h'${short(toHex(value))}' (${value.length} bytes)`;
  if (value instanceof CborMap) return `a map of ${value.pairs.length}`;
  if (value instanceof CborTag) return `tag ${value.tag}`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return short(JSON.stringify(value));
};
