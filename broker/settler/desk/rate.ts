/** Rate limits: a bucket per name that fills with time and empties by use. */

/** Names remembered; the longest unused are forgotten first, with full buckets. Some 10 MB. */
const BUCKETS_MAX = 100_000;
/** A bucket holds the allowance of this many seconds. */
const BURST_S = 2;

/** `allow(name, nowMs)` is false where the name has used up its allowance. */
export const createRate = (perS: number): ((name: string, nowMs: number) => boolean) => {
  const buckets = new Map<string, { tokens: number; atMs: number }>();
  const full = Math.max(1, perS * BURST_S);
  return (name, nowMs) => {
    const bucket = buckets.get(name) ?? { tokens: full, atMs: nowMs };
    const filled = (Math.max(0, nowMs - bucket.atMs) * perS) / 1000;
    const tokens = Math.min(full, bucket.tokens + filled);
    const allowed = tokens >= 1;
    buckets.delete(name);
    buckets.set(name, { tokens: allowed ? tokens - 1 : tokens, atMs: nowMs });
    if (buckets.size > BUCKETS_MAX) buckets.delete(buckets.keys().next().value!);
    return allowed;
  };
};
