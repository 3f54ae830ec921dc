import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nativeCrypto } from '../../agent/host/crypto-native.ts';
import { type Board, openFrames } from '../../firmware-bridge/frames.ts';
import { type Qemu, startMicrobit } from '../../hardware/bench/qemu.ts';
import { buildFirmware, COMPILER } from '../../hardware/microbit/build.ts';
import { installationMac } from '../../schemas/meter.ts';
import { buildChain, linkAt } from '../../schemas/tick.ts';
import { Watch } from '../firmware-bridge/watch.ts';

const COMMITTED = fileURLToPath(new URL('../../hardware/microbit/microbit.hex', import.meta.url));
const { sha256 } = nativeCrypto();

const build = suite('microbit.hex');
if (COMPILER.missing === undefined) {
  build('is what its sources become, byte for byte', () => {
    const folder = mkdtempSync(join(tmpdir(), 'hex-'));
    const rebuilt = join(folder, 'rebuilt.hex');
    buildFirmware(rebuilt);
    const same = readFileSync(rebuilt).equals(readFileSync(COMMITTED));
    rmSync(folder, { recursive: true });
    assert.ok(same, 'run node --import tsx hardware/microbit/build.ts and commit the result');
  });
} else {
  console.log(`skip: ${COMPILER.missing}`);
}
build.run();

const microbit = suite('micro:bit');
const hasQemu = spawnSync('qemu-system-arm', ['--version']).status === 0;
if (!hasQemu) console.log('skip: qemu-system-arm is not installed (apt-get install qemu-system-arm)');

type Bench = { readonly qemu: Qemu; readonly device: Board; readonly watch: Watch };

const withBoard = (body: (bench: Bench) => Promise<void>) => async (): Promise<void> => {
  const qemu = await startMicrobit(COMMITTED);
  if (!qemu.ok) throw new Error(qemu.detail);
  const device = await openFrames({ path: qemu.value.path });
  try {
    if (!device.ok) throw new Error(device.detail);
    await body({ qemu: qemu.value, device: device.value, watch: new Watch(device.value) });
  } finally {
    if (device.ok) await device.value.close();
    await qemu.value.close();
  }
};

const SERIAL = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]);
const KEY = new Uint8Array(32).fill(0x6b);
const CHANNEL = new Uint8Array(32).fill(0xc1);
const BUTTON = 1;
const LED = 2;

/** Resolves when it has introduced itself after a reset. */
const reset = async ({ qemu, watch }: Bench): Promise<void> => {
  const before = watch.states.length;
  qemu.reset();
  await watch.until(() => watch.states.length > before && watch.states.at(-1)!.online);
};

if (hasQemu) {
  microbit(
    'speaks for itself: what it has, readings by the period, commands',
    withBoard(async ({ device, watch }) => {
      assert.is(device.identity.board, 'microbit');
      assert.equal(
        device.capabilities.map(({ name, direction }) => `${name} ${direction}`),
        ['button sensor', 'led actuator'], // QEMU has no thermometer
      );
      assert.ok((await device.setPeriod(BUTTON, 10)).ok);
      await watch.until(() => watch.readings.filter(({ channel }) => channel === BUTTON).length >= 20);
      assert.is(device.health.lostReadings, 0);
      assert.ok((await device.command(LED, 1)).ok);
      const led = (): number | undefined =>
        watch.readings.filter(({ channel }) => channel === LED).at(-1)?.mantissa;
      await watch.until(() => led() === 1);
      const refused = await device.command(LED, 2);
      assert.is(refused.ok ? '' : refused.code, 'value-out-of-range');
    }),
  );

  microbit(
    'keeps serial number and key in its flash, and meters as the AVR does',
    withBoard(async (bench) => {
      const { device, watch } = bench;
      assert.ok((await device.provision(0, SERIAL)).ok);
      assert.ok((await device.provision(1, KEY)).ok);
      await reset(bench);
      assert.is(device.identity.serial, '0102030405060708');
      assert.is(device.meter?.keySet, true);
      const again = await device.provision(
        1,
        KEY.map((byte) => byte ^ 1),
      );
      assert.is(again.ok ? '' : again.code, 'not-authorised');

      const links = buildChain(sha256, CHANNEL, 1, new Uint8Array(16).fill(7), 64);
      const installation = {
        number: 1,
        channel: CHANNEL,
        seq: 1,
        anchor: linkAt(links, 0),
        ticks: 64,
        base: 0,
        window: 4,
      };
      const forged = await device.meter!.install(installation, new Uint8Array(16));
      assert.is(forged.ok ? '' : forged.code, 'signature-invalid');
      const buttons = (): number => watch.readings.filter(({ channel }) => channel === BUTTON).length;
      const before = buttons(); // without credit there are no more
      assert.ok((await device.meter!.install(installation, installationMac(sha256, KEY, installation))).ok);
      await device.setPeriod(BUTTON, 10);
      await watch.until(() => buttons() === before + 4);
      device.meter!.pay({ seq16: 1, index: 40, x: linkAt(links, 40) });
      await watch.until(() => buttons() === before + 44);
      await reset(bench);
      await watch.until(() => device.meter?.state?.number === 1); // once it has counted this start
      assert.ok(
        device.meter!.state!.index >= 32 && device.meter!.state!.index <= 40,
        'the stride at most is forgotten',
      );
    }),
  );

  microbit(
    'its flash is not worn out by a day of records: a full log is copied',
    withBoard(async (bench) => {
      const { device, watch } = bench;
      assert.ok((await device.provision(1, KEY)).ok);
      const ticks = 1024;
      const links = buildChain(sha256, CHANNEL, 1, new Uint8Array(16).fill(9), ticks);
      const state = (): number => device.meter?.state?.number ?? 0;
      for (let number = 1; number <= 40; number++) {
        const installation = {
          number,
          channel: CHANNEL,
          seq: 1,
          anchor: linkAt(links, 0),
          ticks,
          base: number,
          window: 1,
        };
        const answer = await device.meter!.install(installation, installationMac(sha256, KEY, installation));
        assert.ok(answer.ok, answer.ok ? '' : answer.detail);
      }
      await reset(bench);
      await watch.until(() => state() > 0);
      assert.is(state(), 40);
    }),
  );
}
microbit.run();
