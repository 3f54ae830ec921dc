/**
 * The part of deterministic CBOR (RFC 8949 section 4.2.1) that serial messages need, in a quarter of what
 * `schemas/cbor.ts` takes: arrays, integers of 32 bits, byte strings and ASCII text; heads in their shortest
 * form. `test/espruino/cbor.test.ts` holds it against the whole codec.
 */

export type Item = number | string | Uint8Array | readonly Item[];

const putHead = (out: number[], major: number, value: number): void => {
  const width = value < 24 ? 0 : value < 0x100 ? 1 : value < 0x10000 ? 2 : 4;
  out.push((major << 5) | (width ? 23 + width - (width >> 2) : value));
  for (let bit = 8 * width - 8; bit >= 0; bit -= 8) out.push((value >>> bit) & 255);
};

const putItem = (out: number[], item: Item): void => {
  if (typeof item === 'number') {
    if (item < 0) putHead(out, 1, -1 - item);
    else putHead(out, 0, item);
    return;
  }
  const isText = typeof item === 'string';
  putHead(out, isText ? 3 : item instanceof Uint8Array ? 2 : 4, item.length);
  for (let i = 0; i < item.length; i++) {
    if (isText) out.push(item.charCodeAt(i));
    else if (item instanceof Uint8Array) out.push(item[i]!);
    else putItem(out, item[i]!);
  }
};

export const encodeItems = (items: readonly Item[]): Uint8Array => {
  const out: number[] = [];
  putItem(out, items);
  return new Uint8Array(out);
};

/**
 * A host's request: the integers and byte strings of one array of at most 23 that fills `bytes` exactly;
 * undefined for anything else.
 */
export const decodeItems = (bytes: Uint8Array): (number | Uint8Array)[] | undefined => {
  const items: (number | Uint8Array)[] = [];
  const count = bytes[0]! - 0x80;
  if (count > 23) return undefined;
  let at = 1;
  while (items.length < count) {
    const first = bytes[at]!;
    const major = first >> 5;
    let value = first & 31;
    at++;
    if (value > 23) {
      const end = at + (1 << (value - 24));
      const least = value === 24 ? 24 : value === 25 ? 0x100 : 0x10000;
      if (value > 26 || end > bytes.length) return undefined;
      for (value = 0; at < end; at++) value = value * 256 + bytes[at]!;
      if (value < least) return undefined;
    }
    if (major > 2 || at > bytes.length) return undefined;
    if (major < 2) items.push(major ? -1 - value : value);
    else {
      items.push(new Uint8Array(bytes.subarray(at, at + value)));
      at += value;
    }
  }
  return at === bytes.length && count >= 0 ? items : undefined;
};
