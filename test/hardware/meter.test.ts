/** The meter of a chip, compiled for this machine: what it takes, refuses and answers. */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeCbor } from '../../schemas/cbor.ts';
import { installationMac } from '../../schemas/meter.ts';
import { CODES, type Code } from '../../schemas/result.ts';
import { encodeSerial, type Install, type SerialMessage } from '../../schemas/serial.ts';
import { buildChain, linkAt } from '../../schemas/tick.ts';
import { bytesOf, vectorsOf } from '../schemas/vectors.ts';
import { crypto, filled } from '../vectors/parties.ts';
import { AS_BEFORE, AS_WRITTEN, HostScript, sealed } from './host-script.ts';
import { MeterModel } from './meter-model.ts';
import {
  buildMeterHost,
  chainOf,
  codes,
  INSTALL_TURNS,
  KEY,
  KEY_AT,
  metered,
  ofType,
  RECORD_TURNS,
  sold,
  tickOf,
} from './meter-script.ts';

const { sha256 } = crypto;
/** Faults are told once a second. */
const FAULT_TURNS = 1010;

const host = buildMeterHost();

const meter = suite('meter of a chip');

if (host !== undefined) {
  meter.after(host.remove);

  meter('delivers freely without a key, and nothing with one before an installation', () => {
    const [free] = new HostScript().power(0, new Uint8Array(0)).hello().turn(100).play(host);
    assert.is(ofType(free!, 'identity').at(-1)!.roles, 1);
    assert.equal(ofType(free!, 'meter'), []);
    assert.ok(sold(free!) > 50);
    const [keyed] = metered().hello().turn(100).play(host);
    assert.is(ofType(keyed!, 'identity').at(-1)!.roles, 3);
    assert.equal(ofType(keyed!, 'meter').at(-1), new MeterModel(sha256, KEY).state);
    assert.is(sold(keyed!), 0);
  });

  meter('delivers the window, then one reading for each tick, and uses up no seq in between', () => {
    const chain = chainOf({ number: 5, channel: 0xc1, seq: 1, ticks: 64, base: 100, window: 8 });
    const said = metered()
      .hello()
      .send(chain.install)
      .turn(INSTALL_TURNS + 100)
      .send(tickOf(chain, 3))
      .turn(100)
      .send(tickOf(chain, 64))
      .turn(300)
      .play(host);
    assert.equal(said.map(sold), [8, 3, 61]);
    assert.equal(codes(said[0]!), [0]);
    assert.equal(
      said.map((step) => ofType(step, 'meter').at(-1)!).map(({ delivered, room }) => delivered + room),
      [108, 111, 172],
    );
    for (const channel of [0, 1]) {
      const seqs = ofType(said.flat(), 'reading').filter((one) => one.channel === channel);
      assert.equal(
        seqs.map(({ seq }) => seq),
        seqs.map((_, i) => i),
      );
    }
  });

  meter('lets the state of an actuator pass without credit', () => {
    const [said] = metered()
      .hello()
      .send({ type: 'command', id: 7, channel: 2, value: 1 })
      .turn(9)
      .play(host);
    assert.is(ofType(said!, 'reading').length, 1);
    assert.equal(codes(said!), [0]);
  });

  meter('goes on measuring while it walks a thousand steps', () => {
    const chain = chainOf({ number: 5, channel: 0xc1, seq: 1, ticks: 1024, base: 0, window: 100 });
    const said = metered()
      .hello()
      .send(chain.install)
      .turn(INSTALL_TURNS)
      .send(tickOf(chain, 1024))
      .turn(100)
      .turn(1024 + RECORD_TURNS)
      .play(host);
    assert.ok(sold(said[1]!) > 20, 'within the window');
    assert.equal(ofType(said[1]!, 'meter'), [], 'not yet');
    assert.is(ofType(said[2]!, 'meter').at(-1)?.index, 1024);
  });

  meter('walks the newest of the ticks that wait, and answers once', () => {
    const chain = chainOf({ number: 5, channel: 0xc1, seq: 1, ticks: 90, base: 0, window: 1 });
    const script = metered().hello().send(chain.install).turn(INSTALL_TURNS).send(tickOf(chain, 50)).turn(2);
    for (const index of [60, 70, 80]) script.send(tickOf(chain, index));
    const said = script.turn(200).play(host);
    assert.equal(
      ofType(said.at(-1)!, 'meter').map(({ index }) => index),
      [50, 80],
    );
  });

  meter('answers another installation by busy while it stores one, and the same one once', () => {
    const one = chainOf({ number: 5, channel: 0xc1, seq: 1, ticks: 9, base: 0, window: 1 });
    const other = chainOf({ number: 6, channel: 0xc1, seq: 2, ticks: 9, base: 0, window: 1 });
    const script = metered().hello().send(one.install).turn(20).send(one.install).send(other.install);
    const said = script.turn(INSTALL_TURNS).reset().hello().turn(RECORD_TURNS).play(host);
    assert.equal(codes(said.flat()), [CODES.busy, 0]);
    assert.equal(
      said.slice(1).map((step) => ofType(step, 'meter').at(-1)?.number),
      [5, 5],
    );
  });

  meter('forgets the ticks of a chain that another one replaces', () => {
    const one = chainOf({ number: 5, channel: 0xc1, seq: 1, ticks: 1024, base: 0, window: 1 });
    const other = chainOf({ number: 6, channel: 0xc1, seq: 2, ticks: 1024, base: 0, window: 1 });
    const script = metered().hello().send(one.install).turn(INSTALL_TURNS);
    script.send(tickOf(one, 1000)).send(other.install).turn(100).send(tickOf(one, 1024)).turn(INSTALL_TURNS);
    const said = script.turn(1024 + FAULT_TURNS).play(host);
    assert.equal(ofType(said.flat(), 'fault'), []);
    const { number, index } = ofType(said.flat(), 'meter').at(-1)!;
    assert.equal([number, index], [6, 0]);
  });

  meter('takes a key once, and the same again', () => {
    const provision = (id: number, slot: number, bytes: Uint8Array): SerialMessage => ({
      type: 'provision',
      id,
      slot,
      bytes,
    });
    const chain = chainOf({ number: 5, channel: 0xc1, seq: 1, ticks: 9, base: 0, window: 1 });
    const script = new HostScript().power(0, new Uint8Array(0)).hello();
    script.send(chain.install).turn(10);
    script.send(provision(1, 1, KEY)).turn(200);
    script
      .send(provision(2, 1, KEY))
      .turn(10)
      .send(provision(3, 1, filled(9, 32)))
      .turn(10);
    script.send(provision(4, 2, KEY)).turn(10);
    script
      .send(provision(5, 0, filled(7, 8)))
      .turn(60)
      .send(provision(6, 0, filled(8, 8)))
      .turn(10);
    const said = script.send(chain.install).turn(INSTALL_TURNS).play(host);
    const refused = CODES['not-authorised'];
    assert.equal(said.flatMap(codes), [refused, 0, 0, refused, CODES['value-out-of-range'], 0, refused, 0]);
    const identity = ofType(said.flat(), 'identity').at(-1)!;
    assert.is(identity.roles, 3);
    assert.equal(identity.serial, filled(7, 8));
  });

  meter('holds a key that was cut off half written for none, and takes it again', () => {
    const provision: SerialMessage = { type: 'provision', id: 1, slot: 1, bytes: KEY };
    const erased = (): HostScript => new HostScript().power(0, new Uint8Array(0));
    const cuts = [0xff, AS_BEFORE, AS_WRITTEN].flatMap((byte) =>
      Array.from({ length: 36 }, (_, i) => ({ byte, nth: i + 1 })),
    );
    const played = HostScript.playAll(
      host,
      cuts.map(({ byte, nth }) => {
        const script = erased().hello().cut(nth, byte);
        for (let tries = 0; tries < 2; tries++) script.send(provision).turn(200).hello().turn(2);
        return script;
      }),
    );
    for (const [i, said] of played.entries()) {
      const { byte, nth } = cuts[i]!;
      const whole = nth === 36 && byte === AS_WRITTEN;
      assert.is(ofType(said[1]!, 'identity').at(-1)!.roles, whole ? 3 : 1, `cut ${nth} ${byte}`);
      assert.equal(codes(said[2]!), [0]);
      assert.is(ofType(said[3]!, 'identity').at(-1)!.roles, 3);
    }
  });

  type Vector = {
    readonly name: string;
    readonly number: number;
    readonly seq: number;
    readonly ticks: number;
  } & {
    readonly [field in 'channel' | 'anchor' | 'mac']: string;
  } & { readonly base: number; readonly window: number; readonly last?: number; readonly code?: Code };
  const vectors = vectorsOf<{ readonly key: string; readonly good: Vector[]; readonly bad: Vector[] }>(
    'meter',
  );

  meter('takes the installations of the vectors, and refuses the bad ones with their codes', () => {
    for (const { name, code, last, ...fields } of [...vectors.good, ...vectors.bad]) {
      const [channel, anchor, mac] = [fields.channel, fields.anchor, fields.mac].map(bytesOf) as [
        Uint8Array,
        Uint8Array,
        Uint8Array,
      ];
      const script = new HostScript().power(KEY_AT, sealed(bytesOf(vectors.key))).hello();
      if (last) {
        const before = chainOf({ number: last, channel: 1, seq: 1, ticks: 1, base: 0, window: 1 });
        script.send(before.install).turn(INSTALL_TURNS);
      }
      const said = script
        .send({ ...fields, type: 'install', id: 77, channel, anchor, mac })
        .turn(INSTALL_TURNS);
      assert.equal(codes(said.play(host).at(-1)!), [code === undefined ? 0 : CODES[code]], name);
    }
  });

  meter('walks the chains of the vectors', () => {
    type File = { readonly chains: readonly { channel: string; seq: number; ticks: number; last: string }[] };
    for (const { channel, seq, ticks, last } of vectorsOf<File>('tick').chains) {
      const links = buildChain(sha256, bytesOf(channel), seq, bytesOf(last), ticks);
      const installation = { number: 1, channel: bytesOf(channel), seq, ticks, base: 0, window: 1 };
      const unsigned = { ...installation, anchor: linkAt(links, 0) };
      const install: Install = {
        ...unsigned,
        type: 'install',
        id: 1,
        mac: installationMac(sha256, KEY, unsigned),
      };
      const script = metered()
        .hello()
        .send(install)
        .turn(INSTALL_TURNS)
        .send(tickOf({ install, links }, ticks));
      const state = ofType(
        script
          .turn(ticks + RECORD_TURNS + 2)
          .play(host)
          .flat(),
        'meter',
      ).at(-1);
      assert.is(state?.index, ticks);
    }
  });

  meter('refuses what is out of range, with the code, before it looks at the mac', () => {
    const { install } = chainOf({ number: 5, channel: 0xc1, seq: 1, ticks: 9, base: 0, window: 1 });
    const range = CODES['value-out-of-range'];
    const cases = [
      [{ number: 0 }, range],
      [{ ticks: 0 }, range],
      [{ ticks: 1025 }, range],
      [{ window: 0 }, range],
      [{ window: 65_536 }, range],
      [{ base: 4_294_967_295 - 9 }, range],
      [{ base: 4_294_967_295 - 10 }, CODES['signature-invalid']],
    ] as const;
    for (const [changes, code] of cases) {
      const { id, number, channel, seq, anchor, ticks, base, window, mac } = { ...install, ...changes };
      const message = encodeCbor([7, id, number, channel, seq, anchor, ticks, base, window, mac]);
      assert.equal(
        codes(metered().hello().send(message).turn(20).play(host)[0]!),
        [code],
        JSON.stringify(changes),
      );
    }
  });

  meter('survives any message, and takes the next good one', () => {
    const chain = chainOf({ number: 5, channel: 0xc1, seq: 1, ticks: 9, base: 0, window: 1 });
    const good = [
      chain.install,
      tickOf(chain, 3),
      { type: 'provision', id: 1, slot: 2, bytes: KEY },
    ] as const;
    const spoiled = fc
      .tuple(
        fc.constantFrom(...good.map(encodeSerial)),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }),
        fc.nat(),
      )
      .map(([bytes, changes, cut]) => {
        const copy = Uint8Array.from(bytes);
        for (const [at, byte] of changes) copy[at % copy.length] = byte;
        return cut % 3 === 0 ? copy.subarray(0, 1 + (cut % copy.length)) : copy;
      });
    const script = metered().hello().turn(1);
    for (const bytes of fc.sample(spoiled, 3000)) script.send(bytes).turn(2);
    const other = chainOf({ number: 6, channel: 0xc1, seq: 1, ticks: 9, base: 0, window: 1 });
    const said = script.turn(INSTALL_TURNS).send(other.install).turn(INSTALL_TURNS).play(host);
    assert.equal(codes(said.at(-1)!), [0]);
    assert.is(ofType(said.at(-1)!, 'meter').at(-1)?.number, 6);
  });
}

meter.run();
