/**
 * What a gateway pays for an agent: memory while it sells, and the time from its start until the market hears
 * of it. The built program as a user starts it, with a board on a serial port, against a running box and with
 * a buyer that pays for every reading; beside it a Node process that does nothing, in the same run.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { connect } from '../../agent/connection.ts';
import { textOfNano } from '../../agent/money.ts';
import { openSigner } from '../../agent/signer.ts';
import { openPty } from '../../hardware/bench/pty.ts';
import { didKey, idOf } from '../../schemas/identity.ts';
import { openProfile } from '../../schemas/profile.ts';
import type { Result } from '../../schemas/result.ts';
import { decodeStatus } from '../../schemas/status.ts';
import { profileTopic, statusTopic } from '../../schemas/topic.ts';
import { ScriptedBoard } from '../firmware-bridge/scripted-board.ts';
import type { Bench, Figure } from './bench.ts';
import { median } from './measure.ts';
import { BOX_SEED, crypto, end, kindOf, launch, PRICE_NANO, signerOf } from './stream.ts';

const PROGRAM = resolve(import.meta.dirname, '..', '..', 'dist', 'tollbridge.js');
const RUNS = 7;
/** What one run sells before its memory is read, at the pace of the demo. */
const READINGS = 200;
const PERIOD_MS = 20;
const WATCHER_SEED = 200;
const KIB_PER_MB = 1000 / 1.024;

const taken = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(`${result.code}: ${result.detail}`);
  return result.value;
};

/** VmRSS and its peak, as `ps` shows them, in MB of 1,000,000 bytes. */
const memoryOf = (pid: number): { readonly rssMb: number; readonly peakMb: number } => {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const megabytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)![1]) / KIB_PER_MB;
  return { rssMb: megabytes('VmRSS'), peakMb: megabytes('VmHWM') };
};

/** A Node process that does nothing: how long it lives, and what it holds. */
const bareNode = async (): Promise<{ readonly rssMb: number; readonly ms: number }> => {
  const startedMs = performance.now();
  await once(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }), 'exit');
  const ms = performance.now() - startedMs;
  const idle = spawn(process.execPath, ['-e', 'console.log(0); setTimeout(() => {}, 1e9)']);
  await once(idle.stdout, 'data');
  const { rssMb } = memoryOf(idle.pid!);
  idle.kill('SIGKILL');
  return { rssMb, ms };
};

/** The seller's gateway: its board behind a serial port, its files, and what the market hears of it. */
class Gateway {
  private readonly folder = mkdtempSync(join(tmpdir(), 'tollbridge-bench-'));
  private readonly configFile = join(this.folder, 'agent.yaml');
  private readonly board = new ScriptedBoard();
  private close = async (): Promise<void> => {};
  private hear: (what: 'born' | 'ready') => void = () => {};
  private sequence = 0;

  async open(port: number): Promise<this> {
    const link = join(this.folder, 'board.tty');
    const boardName = 'temperature';
    const capability = { channel: 0, name: boardName, kind: kindOf(1), unit: 'Cel', exponent: -2 };
    this.board.capabilities = [{ ...capability, direction: 'sensor', periodMs: PERIOD_MS }];
    const onData = (bytes: Uint8Array): void => this.board.receive(bytes);
    const pty = taken(await openPty({ link, onData, onClose: () => {} }));
    this.board.open(pty.write);
    const box = didKey(signerOf(BOX_SEED).key);
    const key = join(this.folder, 'key');
    writeFileSync(
      this.configFile,
      `state: ${join(this.folder, 'state')}
key: ${key}
broker: { url: 'mqtt://127.0.0.1:${port}', key: ${box} }
settlers: [{ key: ${box}, exposure: '1000' }]
devices: [{ name: board, driver: frames, path: ${link} }]
sell:
  - name: outdoor
    device: board
    sensor: ${boardName}
    price: '${textOfNano(PRICE_NANO)}'
    currency: EUR
`,
    );
    const line = this.watch(port, idOf(taken(openSigner(key, crypto)).key, crypto.sha256));
    this.close = async () => {
      await line.close();
      pty.close();
      rmSync(this.folder, { recursive: true });
    };
    return this;
  }

  /** A birth, and a profile with something to sell. */
  private watch(port: number, id: string) {
    mkdirSync(join(this.folder, 'watcher'));
    const line = connect(
      {
        url: `mqtt://127.0.0.1:${port}`,
        brokerKey: signerOf(BOX_SEED).key,
        login: null,
        trust: { ca: null, pin: null, certificate: null, key: null },
        numberFile: join(this.folder, 'watcher', 'number'),
      },
      { crypto, signer: signerOf(WATCHER_SEED) },
      {
        onConnected: () => {},
        onNotice: () => {},
        onMessage: (topic, payload) => {
          if (topic === profileTopic(id)) {
            const profile = openProfile(payload, crypto.verify);
            if (profile.ok && profile.value.capabilities.length > 0) this.hear('ready');
            return;
          }
          const status = decodeStatus(payload);
          if (!status.ok || !status.value.alive || status.value.sequence <= this.sequence) return;
          this.sequence = status.value.sequence;
          this.hear('born');
        },
      },
    );
    line.subscribe(statusTopic(id));
    line.subscribe(profileTopic(id));
    return line;
  }

  /** One start, one stream of readings, one end. */
  async run(): Promise<{ startMs: number; readyMs: number; rssMb: number; peakMb: number }> {
    const startedMs = performance.now();
    const agent = spawn(process.execPath, [PROGRAM, 'agent', '--config', this.configFile, '--quiet'], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const startMs = (await this.heard('born', agent)) - startedMs;
    const readyMs = (await this.heard('ready', agent)) - startedMs;
    await this.stream();
    const memory = memoryOf(agent.pid!);
    agent.kill('SIGTERM');
    await once(agent, 'exit');
    return { startMs, readyMs, ...memory };
  }

  private heard(wanted: 'born' | 'ready', agent: ChildProcess): Promise<number> {
    return new Promise((heard, fail) => {
      const onExit = (code: number | null): void => fail(new Error(`the agent ended with ${code}`));
      agent.once('exit', onExit);
      this.hear = (what) => {
        if (what !== wanted) return;
        agent.off('exit', onExit);
        heard(performance.now());
      };
    });
  }

  private stream(): Promise<void> {
    let made = 0;
    return new Promise((done) => {
      const timer = setInterval(() => {
        this.board.reading(made, 2000 + (made % 64));
        if (++made < READINGS) return;
        clearInterval(timer);
        done();
      }, PERIOD_MS);
    });
  }

  end(): Promise<void> {
    return this.close();
  }
}

export const bench: Bench = {
  name: 'footprint',
  summary: 'memory of an agent that sells, and its time from start to first publish, beside a bare Node',
  run: async (progress) => {
    const pair = { port: 0, window: 16, pairs: 1 };
    const box = await launch({ role: 'box', ...pair });
    const port = box.said as number;
    const gateway = await new Gateway().open(port);
    const buyer = await launch({ role: 'paid-buyer', ...pair, port });
    const runs = [];
    const bare = [];
    for (let run = 1; run <= RUNS; run++) {
      progress(`start ${run} of ${RUNS}`);
      bare.push(await bareNode());
      runs.push(await gateway.run());
    }
    await end([buyer.child]);
    await gateway.end();
    await end([box.child]);
    const bareMs = median(bare.map(({ ms }) => ms));
    const bareMb = median(bare.map(({ rssMb }) => rssMb));
    const node = (value: number) => ({ name: 'bare node', value });
    const figures: Figure[] = [
      {
        name: 'agent_rss_mb',
        value: median(runs.map(({ rssMb }) => rssMb)),
        target: { max: 75 },
        baseline: node(bareMb),
      },
      { name: 'agent_rss_peak_mb', value: median(runs.map(({ peakMb }) => peakMb)) },
      {
        name: 'agent_start_ms',
        value: median(runs.map(({ startMs }) => startMs)),
        target: { max: 500 },
        baseline: node(bareMs),
      },
      { name: 'agent_ready_ms', value: median(runs.map(({ readyMs }) => readyMs)) },
      { name: 'node_rss_mb', value: bareMb },
      { name: 'node_start_ms', value: bareMs },
    ];
    return figures;
  },
};
