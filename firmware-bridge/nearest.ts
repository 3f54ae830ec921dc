/** "Did you mean": the nearest of a few words to what somebody wrote. */

/** Edits from one word to the other: a letter more, less, other, or two swapped (Damerau 1964). */
const distance = (a: string, b: string): number => {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let edits = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) edits = Math.min(edits, before[j - 2]! + 1);
      next.push(edits);
    }
    before = row;
    row = next;
  }
  return row[b.length]!;
};

/** timeout_ms and Timeout-MS are ways to write timeoutMs. */
const plain = (word: string): string => word.toLowerCase().replace(/[-_ .]/g, '');

/** Longer words are nobody's typing error. */
const LENGTH_MAX = 64;

/** undefined where none is near: at most a third of the letters, and one at least, may differ. */
export const nearest = (word: string, words: readonly string[]): string | undefined => {
  if (word.length > LENGTH_MAX) return undefined;
  let best: string | undefined;
  let least = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of words) {
    const edits = distance(plain(word), plain(candidate));
    if (edits < least) {
      least = edits;
      best = candidate;
    }
  }
  return best;
};
