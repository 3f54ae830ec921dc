/** Owners waiting their turn, first in, first out; each waits at most once. */

export type OwnerQueue = {
  readonly add: (owner: number) => void;
  readonly isEmpty: () => boolean;
  /** Who is next, and stays so. */
  readonly first: () => number;
  readonly drop: () => void;
};

export const queueOf = (owners: number): OwnerQueue => {
  const ring = new Int32Array(owners + 1);
  const waits = new Uint8Array(owners);
  let from = 0;
  let to = 0;
  const after = (place: number): number => (place === owners ? 0 : place + 1);
  return {
    add: (owner) => {
      if (waits[owner] === 1) return;
      waits[owner] = 1;
      ring[to] = owner;
      to = after(to);
    },
    isEmpty: () => from === to,
    first: () => ring[from]!,
    drop: () => {
      waits[ring[from]!] = 0;
      from = after(from);
    },
  };
};
