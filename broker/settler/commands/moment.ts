/** Moments as people read them. */

/** 2026-11-20 16:47:08, UTC. */
export const momentText = (timeMs: number): string =>
  new Date(timeMs).toISOString().slice(0, 19).replace('T', ' ');

/** When something expires; 0 is never. */
export const expiryText = (expiryS: number): string => (expiryS === 0 ? 'never' : momentText(expiryS * 1000));
