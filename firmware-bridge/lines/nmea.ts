/**
 * NMEA 0183: weather, position and time without any configuration, from any talker; fields of other sentences
 * by a mapping, as 'HDM.1', or 'XDR.MAGX' for a transducer by its id.
 *
 * A line may carry a tag block in front of its sentence; what else stands there is noise of a line that was
 * cut, and the sentence behind it counts.
 */

import { ok, type Refusal, type Result, refuse } from '../../schemas/result.ts';
import { type Format, type Sink, shown } from './format.ts';
import { type MappedField, NO_VALUE, readMapped } from './mapping.ts';
import { COLUMNS, readColumns, readMwv } from './nmea/columns.ts';
import { readGga, readRmc, readZda } from './nmea/position.ts';
import { checksumOf, formatterKey, Sentence, TALKERS, talkerKey } from './nmea/sentence.ts';
import { Transducers } from './nmea/transducers.ts';

const DOLLAR = 36;

export type NmeaOptions = {
  /**
   * Whether a sentence without a checksum is refused, as by default: nobody could tell a damaged digit, and
   * what is read is sold. A wrong one is always refused.
   */
  readonly checksum?: 'required' | 'optional' | undefined;
};

/** False where nothing in the sentence has a value. */
type Read = (sentence: Sentence, sink: Sink, source: number) => boolean;

/** Satellite receivers change the talker with the satellites that they see: all are one source. */
const GNSS = ['GA', 'GB', 'GI', 'GL', 'GN', 'GP', 'GQ', 'BD', 'QZ'].map(talkerKey);

/** `HDM` or a proprietary `PTNTHTM`, then the number of a field; or `XDR` and the id of a transducer. */
const PLACE = /^(?:([A-Z]{3}|P[A-Z0-9]{1,15})\.[1-9]\d?|XDR\.[^,*]+)$/;
const TRANSDUCER = 'XDR.';

class Nmea implements Format {
  readonly quantities;
  readonly isCutUnseen = false;
  readonly #isChecksumRequired: boolean;
  readonly #sentence = new Sentence();
  readonly #readers = new Map<number, { readonly read: Read; readonly source: number }>();
  /** By formatter, or by the address of a proprietary sentence. */
  readonly #mapped = new Map<string, MappedField[]>();

  constructor(fields: readonly MappedField[], { checksum = 'required' }: NmeaOptions) {
    this.quantities = fields.map(({ quantity }) => quantity);
    this.#isChecksumRequired = checksum === 'required';
    for (const mapped of fields) {
      const address = mapped.field.slice(0, mapped.field.indexOf('.'));
      this.#mapped.set(address, [...(this.#mapped.get(address) ?? []), mapped]);
    }
    const ids = (this.#mapped.get('XDR') ?? []).map(({ field }) => field.slice(TRANSDUCER.length));
    const transducers = new Transducers(ids);
    const readers: Record<string, Read> = { MWV: readMwv, RMC: readRmc, GGA: readGga, ZDA: readZda };
    for (const [formatter, columns] of Object.entries(COLUMNS))
      readers[formatter] = (sentence, sink, source) => readColumns(sentence, columns, sink, source);
    readers.XDR = (sentence, sink, source) => transducers.read(sentence, sink, source);
    for (const [formatter, read] of Object.entries(readers))
      this.#readers.set(formatterKey(formatter), { read, source: (this.#readers.size + 1) * TALKERS });
  }

  board(line: string): string {
    return `NMEA 0183 ${/[$!]([A-Z0-9]{1,16})/.exec(line)?.[1] ?? ''}`;
  }

  read(line: Buffer, end: number, sink: Sink): Refusal | undefined {
    const sentence = this.#sentence;
    const from = line[0] === DOLLAR ? 0 : beginOf(line, end);
    if (from < 0) {
      const said = shown(line.toString('latin1', 0, end));
      return refuse('object-malformed', `no sentence, which begins with $ or !: ${said}`);
    }
    const damaged = sentence.open(line, from, end, this.#isChecksumRequired);
    if (damaged !== undefined) return damaged;
    if (sentence.from > 0) {
      const before = beforeOf(line.toString('latin1', 0, sentence.from));
      if (before !== undefined) sink.refuse(before);
    }
    if (line[sentence.from] === DOLLAR) this.#read(sentence, sink);
    else sink.refuse(refuse('object-malformed', `${sentence.address} is a ship's AIS, which is not sold`));
    return undefined;
  }

  #read(sentence: Sentence, sink: Sink): void {
    const known = this.#readers.get(sentence.formatter);
    const mapped = this.#mapped.size === 0 ? undefined : this.#mappedOf(sentence);
    if (known !== undefined) {
      const talker = GNSS.includes(sentence.talker) ? GNSS[0]! : sentence.talker;
      if (!known.read(sentence, sink, known.source + talker)) sink.refuse(NO_VALUE);
    } else if (mapped === undefined) {
      const reason = `${sentence.address} is not read here; map its fields as ${placeOf(sentence)}`;
      sink.refuse(refuse('object-malformed', reason));
    }
    if (mapped !== undefined) readMapped(mapped, textsOf(sentence), () => numbersOf(sentence), sink);
  }

  #mappedOf(sentence: Sentence): readonly MappedField[] | undefined {
    const fields = this.#mapped.get(sentence.formatter === 0 ? sentence.address : sentence.address.slice(2));
    if (fields === undefined || !fields[0]!.field.startsWith(TRANSDUCER)) return fields;
    const here = fields.filter(({ field }) => fieldOfTransducer(sentence, field) > 0);
    return here.length === 0 ? undefined : here;
  }
}

const beginOf = (line: Buffer, end: number): number => line.toString('latin1', 0, end).search(/[$!]/);

/** A tag block of NMEA 4 is a comment of the network; anything else is the rest of a line that was cut. */
const beforeOf = (text: string): Refusal | undefined => {
  const block = /^\\([^\\*]*)\*([0-9A-Fa-f]{2})\\$/.exec(text);
  if (block !== null && checksumOf(block[1]!) === Number.parseInt(block[2]!, 16)) return undefined;
  return refuse('object-malformed', `${shown(text)} before a sentence is of no use`);
};

const placeOf = (sentence: Sentence): string =>
  `${sentence.formatter === 0 ? sentence.address : sentence.address.slice(2)}.1`;

const numbersOf = (sentence: Sentence): string[] =>
  Array.from({ length: sentence.count }, (_, i) => `${placeOf(sentence).slice(0, -1)}${i + 1}`);

/** Of its value; 0 where the transducer is not in the sentence. */
const fieldOfTransducer = (sentence: Sentence, place: string): number => {
  const id = place.slice(TRANSDUCER.length);
  for (let last = 4; last <= sentence.count; last += 4) if (sentence.field(last) === id) return last - 2;
  return 0;
};

const textsOf =
  (sentence: Sentence) =>
  (place: string): string | undefined => {
    const field = place.startsWith(TRANSDUCER)
      ? fieldOfTransducer(sentence, place)
      : Number(place.slice(place.indexOf('.') + 1));
    return field > sentence.count ? undefined : sentence.field(field);
  };

/** Codes: config-invalid. */
export const nmea = (fields: readonly MappedField[], options: NmeaOptions): Result<Format> => {
  const wrong = fields.find(({ field }) => !PLACE.test(field));
  if (wrong === undefined) return ok(new Nmea(fields, options));
  const form = 'a sentence and the number of a field, such as HDM.1, or XDR and an id, such as XDR.MAGX';
  return refuse('config-invalid', `the field ${shown(wrong.field)} must be ${form}`);
};
