/** Delta debugging: the smallest part of a list that still fails (Zeller and Hildebrandt 2002, ddmin). */

const chunksOf = <T>(items: readonly T[], count: number): (readonly T[])[] => {
  const chunks: (readonly T[])[] = [];
  for (let i = 0; i < count; i++) {
    const from = Math.floor((items.length * i) / count);
    chunks.push(items.slice(from, Math.floor((items.length * (i + 1)) / count)));
  }
  return chunks.filter((chunk) => chunk.length > 0);
};

/**
 * A part of `items` that fails, of which no single item can be left out: 1-minimal. `items` themselves fail.
 * About n log n trials where few items matter.
 */
export const ddmin = async <T>(
  items: readonly T[],
  fails: (part: readonly T[]) => Promise<boolean>,
): Promise<readonly T[]> => {
  if (items.length === 0 || (await fails([]))) return [];
  let left = items;
  let count = 2;
  while (left.length > 1) {
    const chunks = chunksOf(left, count);
    let smaller: readonly T[] | undefined;
    for (const chunk of chunks) {
      const rest = left.filter((item) => !chunk.includes(item));
      if (await fails(chunk)) smaller = chunk;
      else if (chunks.length > 2 && (await fails(rest))) smaller = rest;
      if (smaller === undefined) continue;
      count = smaller === chunk ? 2 : Math.max(2, count - 1);
      break;
    }
    if (smaller !== undefined) left = smaller;
    else if (count >= left.length) return left;
    else count = Math.min(left.length, count * 2);
  }
  return left;
};
