/** `items` in the order of their keys (0 to `keyMax`), those alike left in the order they have: in linear time. */
export const sortedBy = (keys: Int32Array, keyMax: number, items: Int32Array): Int32Array => {
  const place = new Int32Array(keyMax + 2);
  for (const item of items) place[keys[item]! + 1]!++;
  for (let key = 0; key <= keyMax; key++) place[key + 1]! += place[key]!;
  const sorted = new Int32Array(items.length);
  for (const item of items) sorted[place[keys[item]!]!++] = item;
  return sorted;
};

/** 0 to `count` - 1. */
export const upTo = (count: number): Int32Array => Int32Array.from({ length: count }, (_, i) => i);
