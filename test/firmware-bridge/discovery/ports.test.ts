import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { linuxPorts, serialPorts } from '../../../firmware-bridge/discovery/ports.ts';

const inFolder = (body: (dev: string) => void) => (): void => {
  const dev = mkdtempSync(join(tmpdir(), 'dev-'));
  try {
    body(dev);
  } finally {
    rmSync(dev, { recursive: true });
  }
};

const ports = suite('linuxPorts');

ports(
  'names each port once, by the name that survives replugging',
  inFolder((dev) => {
    for (const name of ['ttyUSB0', 'ttyACM1', 'ttyAMA0', 'ttyS4', 'tty1', 'null'])
      writeFileSync(join(dev, name), '');
    mkdirSync(join(dev, 'serial', 'by-id'), { recursive: true });
    const byId = join(dev, 'serial', 'by-id', 'usb-Arduino_Uno-if00');
    symlinkSync('../../ttyACM1', byId);
    symlinkSync('../../ttyUSB7', join(dev, 'serial', 'by-id', 'usb-gone'));
    symlinkSync('ttyAMA0', join(dev, 'serial0'));
    assert.equal(
      linuxPorts(dev).map(({ path, target }) => [path, target].map((one) => one.slice(dev.length))),
      [
        ['/serial/by-id/usb-Arduino_Uno-if00', '/ttyACM1'],
        ['/serial0', '/ttyAMA0'],
        ['/ttyUSB0', '/ttyUSB0'],
      ],
    );
  }),
);

ports(
  'has none where the system has none',
  inFolder((dev) => assert.equal(linuxPorts(join(dev, 'nowhere')), [])),
);

ports('needs no udevadm, without which the list of serialport ends the process', async () => {
  const { PATH } = process.env;
  process.env.PATH = '';
  try {
    assert.ok(Array.isArray(await serialPorts()));
  } finally {
    process.env.PATH = PATH;
  }
});

ports.run();
