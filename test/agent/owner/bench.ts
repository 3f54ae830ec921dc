/** One agent's affairs on a bench: its clock, its disk and its line are the test's. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nativeCrypto } from '../../../agent/host/crypto-native.ts';
import { openPapers, type Papers } from '../../../agent/owner/papers.ts';
import type { OwnerPorts } from '../../../agent/owner/ports.ts';
import { Questions } from '../../../agent/owner/questions.ts';
import type { Signer } from '../../../schemas/crypto.ts';
import { idOf } from '../../../schemas/identity.ts';
import type { Request } from '../../../schemas/request.ts';
import { must } from '../../world/deal.ts';

export const crypto = nativeCrypto();
export const signerOf = (seed: number): Signer => crypto.signerOf(new Uint8Array(32).fill(seed));

/** Noon of a day, UTC. */
export const START_MS = Date.UTC(2026, 10, 20, 12);

export const idOfSeed = (seed: number): string => idOf(signerOf(seed).key, crypto.sha256);

/** Who is asked, by id: null where nobody answers. */
type Peers = Readonly<Record<string, (from: string, request: Request) => Request | null>>;

export class Bench {
  readonly folder = mkdtempSync(join(tmpdir(), 'tollbridge-owner-'));
  readonly notices: string[] = [];
  /** What was sent, newest last; `answered` are gone from it. */
  readonly sent: { readonly topic: string; readonly request: Request }[] = [];
  nowMs = START_MS;
  readonly signer: Signer;
  readonly id: string;
  papers: Papers;
  questions: Questions;

  constructor(signer: Signer) {
    this.signer = signer;
    this.id = idOf(signer.key, crypto.sha256);
    this.papers = must(openPapers(this.path));
    this.questions = this.ask();
  }

  get ports(): OwnerPorts {
    return {
      crypto,
      signer: this.signer,
      self: this.id,
      papers: this.papers,
      questions: this.questions,
      monotonicMs: () => this.nowMs,
      notice: (code, detail) => this.notices.push(`${code}: ${detail}`),
    };
  }

  /** The process ends and starts again: what is not on paper is gone. */
  async restart(): Promise<void> {
    await this.papers.close();
    this.papers = must(openPapers(this.path));
    this.questions = this.ask();
  }

  async close(): Promise<void> {
    await this.papers.close();
    rmSync(this.folder, { recursive: true });
  }

  /** Time passes in steps of a timer; what is asked is answered at once. */
  run(peers: Peers, forMs = 1000, each: () => void = () => {}): void {
    const untilMs = this.nowMs + forMs;
    while (this.nowMs < untilMs) {
      this.nowMs = Math.min(untilMs, this.nowMs + Math.max(250, forMs / 400));
      each();
      this.questions.onTimer();
      for (const { topic, request } of this.sent.splice(0)) {
        for (const [id, peer] of Object.entries(peers)) {
          if (!topic.startsWith(`tb1/${id}/in/`) && !topic.startsWith('tb1/s/')) continue;
          const answer = peer(this.id, request);
          if (answer !== null) this.questions.onAnswer(id, answer);
        }
      }
    }
  }

  private get path(): string {
    return join(this.folder, 'papers.journal');
  }

  private ask(): Questions {
    return new Questions({
      random: crypto.random,
      monotonicMs: () => this.nowMs,
      request: (topic, request) => this.sent.push({ topic, request }),
    });
  }
}
