/**
 * The residual graph of a circulation: every edge is two arcs, one along it (more of it is cleared), one back
 * (less of it). Arcs lie together by the owner they start from, so that looking at all of an owner's is one
 * stretch of memory.
 */

export type Residual = {
  readonly owners: number;
  readonly edges: number;
  /** The arcs from owner u are `first[u]` to `first[u + 1]`, that one not included. */
  readonly first: Int32Array;
  readonly tail: Int32Array;
  readonly head: Int32Array;
  /** The same edge the other way. */
  readonly back: Int32Array;
  /** The arc along each edge. */
  readonly along: Int32Array;
};

export const residualOf = (owners: number, debtor: Int32Array, creditor: Int32Array): Residual => {
  const edges = debtor.length;
  const first = new Int32Array(owners + 1);
  for (const owner of debtor) first[owner + 1]!++;
  for (const owner of creditor) first[owner + 1]!++;
  for (let owner = 0; owner < owners; owner++) first[owner + 1]! += first[owner]!;
  const next = first.slice(0, owners);
  const tail = new Int32Array(2 * edges);
  const head = new Int32Array(2 * edges);
  const back = new Int32Array(2 * edges);
  const along = new Int32Array(edges);
  for (let edge = 0; edge < edges; edge++) {
    const from = debtor[edge]!;
    const to = creditor[edge]!;
    const forth = next[from]!++;
    const returning = next[to]!++;
    tail[forth] = head[returning] = from;
    head[forth] = tail[returning] = to;
    back[forth] = returning;
    back[returning] = forth;
    along[edge] = forth;
  }
  return { owners, edges, first, tail, head, back, along };
};
