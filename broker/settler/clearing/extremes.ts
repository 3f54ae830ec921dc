/** Of bigints, which Math.min and Math.max do not take. */

export const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
export const most = (a: bigint, b: bigint): bigint => (a < b ? b : a);
