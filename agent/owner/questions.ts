/**
 * Questions of the agent itself, beside those of its leases: each is repeated, less and less often, until it is
 * answered by whoever was asked.
 */

import { toHex } from '../../schemas/bytes.ts';
import { REQUEST_ID_BYTES, type Request } from '../../schemas/request.ts';
import { type Code, codeOf } from '../../schemas/result.ts';
import { isPassing } from '../engine/outbox.ts';

/** A request that has no id yet. */
export type Asking = { [K in Request['kind']]: Omit<Extract<Request, { kind: K }>, 'id'> }[Request['kind']];

export type Question = {
  readonly topic: string;
  /** Id of whoever is asked: nobody else's answer counts. */
  readonly from: string;
  readonly asking: Asking;
  /** False for an answer that settles nothing: the question is repeated. */
  readonly take: (answer: Request) => boolean;
  /** A refusal that says something of the request. */
  readonly refused: (code: Code | undefined, detail: string, answer: Request) => void;
};

type Asked = Question & {
  readonly id: Uint8Array;
  dueMs: number;
  waitMs: number;
};

const REPEAT_MS = 2000;
const REPEAT_MS_MAX = 60_000;
/** Who refused has a reason that a person has to remove first. */
const REFUSED_MS = 300_000;
/** Between two timers, four times a second: a settler that comes back is not flooded. */
const SENDS_PER_TIMER = 8;

export type QuestionPorts = {
  readonly random: (length: number) => Uint8Array;
  readonly monotonicMs: () => number;
  /** False where there is no connection: nothing is sent then. */
  readonly request: (topic: string, request: Request) => void;
};

export class Questions {
  private readonly ports: QuestionPorts;
  /** By name: at most one of a name waits. Names are of papers and lanes, which have their own maxima. */
  private readonly asked = new Map<string, Asked>();
  private readonly byId = new Map<string, string>();

  constructor(ports: QuestionPorts) {
    this.ports = ports;
  }

  has(name: string): boolean {
    return this.asked.has(name);
  }

  /** Due at once; one of the same name is forgotten. */
  ask(name: string, question: Question): void {
    this.forget(name);
    const id = this.ports.random(REQUEST_ID_BYTES);
    this.byId.set(toHex(id), name);
    this.asked.set(name, { ...question, id, dueMs: this.ports.monotonicMs(), waitMs: REPEAT_MS });
  }

  forget(name: string): void {
    const known = this.asked.get(name);
    if (known === undefined) return;
    this.asked.delete(name);
    this.byId.delete(toHex(known.id));
  }

  /** Everything is due at once: whoever was asked may have been away. */
  onConnected(): void {
    for (const asked of this.asked.values()) {
      asked.dueMs = this.ports.monotonicMs();
      asked.waitMs = REPEAT_MS;
    }
  }

  /** To be called while there is a connection. */
  onTimer(): void {
    const nowMs = this.ports.monotonicMs();
    let left = SENDS_PER_TIMER;
    for (const asked of this.asked.values()) {
      if (nowMs < asked.dueMs) continue;
      if (left-- === 0) return;
      asked.dueMs = nowMs + asked.waitMs;
      asked.waitMs = Math.min(2 * asked.waitMs, REPEAT_MS_MAX);
      this.ports.request(asked.topic, { ...asked.asking, id: asked.id } as Request);
    }
  }

  /** True where it answers a question of ours; an answer counts once. */
  onAnswer(from: string, answer: Request): boolean {
    const name = this.byId.get(toHex(answer.id));
    const asked = name === undefined ? undefined : this.asked.get(name);
    if (name === undefined || asked === undefined || asked.from !== from) return false;
    if (answer.kind !== 'refusal') {
      if (!asked.take(answer)) return true;
      if (this.asked.get(name) === asked) this.forget(name); // unless taking it asked anew
      return true;
    }
    const code = codeOf(answer.parts[0]);
    if (isPassing(code)) return true;
    asked.dueMs = this.ports.monotonicMs() + REFUSED_MS;
    asked.refused(code, answer.parts[1], answer);
    return true;
  }
}
