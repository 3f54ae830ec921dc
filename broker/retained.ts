/**
 * Which retained messages are kept when there is no room for all.
 *
 * Anyone can make keys and leave messages under them. So owners that are connected keep theirs, and of the
 * others those who have been away longest lose theirs first. They publish again when they come back.
 */

/** What a message costs beside its topic and payload. */
const OVERHEAD_BYTES = 256;

export type Placement = { readonly fits: boolean; readonly cleared: readonly string[] };
type Owner = { readonly bytesByTopic: Map<string, number>; connections: number };

export class Retained {
  readonly #bytesMax: number;
  readonly #owners = new Map<string, Owner>();
  /** Owners with messages and no connection, the longest away first. */
  readonly #away = new Set<string>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  arrive(user: string): void {
    this.#ownerOf(user).connections++;
    this.#away.delete(user);
  }

  leave(user: string): void {
    const owner = this.#ownerOf(user);
    owner.connections--;
    this.#settle(user, owner);
  }

  /** Whether the message may be kept, and the topics to clear first. An empty message clears its own. */
  place(user: string, topic: string, payloadBytes: number): Placement {
    const owner = this.#ownerOf(user);
    const before = owner.bytesByTopic.get(topic) ?? 0;
    const after = payloadBytes === 0 ? 0 : topic.length + payloadBytes + OVERHEAD_BYTES;
    const cleared: string[] = [];
    for (const name of this.#away) {
      if (this.#bytes - before + after <= this.#bytesMax) break;
      if (name !== user) cleared.push(...this.#clear(name));
    }
    const fits = this.#bytes - before + after <= this.#bytesMax;
    if (fits) {
      this.#bytes += after - before;
      if (after === 0) owner.bytesByTopic.delete(topic);
      else owner.bytesByTopic.set(topic, after);
    }
    this.#settle(user, owner);
    return { fits, cleared };
  }

  #ownerOf(user: string): Owner {
    let owner = this.#owners.get(user);
    if (owner === undefined) {
      owner = { bytesByTopic: new Map(), connections: 0 };
      this.#owners.set(user, owner);
    }
    return owner;
  }

  #settle(user: string, owner: Owner): void {
    if (owner.connections > 0) return;
    if (owner.bytesByTopic.size > 0) this.#away.add(user);
    else {
      this.#away.delete(user);
      this.#owners.delete(user);
    }
  }

  #clear(user: string): string[] {
    const owner = this.#ownerOf(user);
    const topics = [...owner.bytesByTopic.keys()];
    for (const bytes of owner.bytesByTopic.values()) this.#bytes -= bytes;
    this.#away.delete(user);
    this.#owners.delete(user);
    return topics;
  }
}
