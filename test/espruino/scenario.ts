/** An hour of a board's life, frame by frame: what every engine must make of the modules alike. */

import { fromHex, toHex } from '../../schemas/bytes.ts';
import type { Sha256 } from '../../schemas/crypto.ts';
import { encodeFrame } from '../../schemas/frame.ts';
import { installationMac } from '../../schemas/meter.ts';
import { encodeSerial, type Installation, type SerialMessage } from '../../schemas/serial.ts';
import { buildChain, linkAt } from '../../schemas/tick.ts';
import type { Stage } from './stage.ts';

const filled = (byte: number, length: number): Uint8Array => {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = byte;
  return bytes;
};

const KEY = filled(0x4b, 32);
const CHANNEL = filled(0xc1, 32);
const TICKS = 40;
const WINDOW = 4;

export const playScenario = (stage: Stage, sha256: Sha256, tell: (line: string) => void): void => {
  let id = 0;
  const heard = (what: string): void => {
    for (const frame of stage.sent()) tell(what + ' ' + frame);
  };
  const say = (what: string, message: SerialMessage, ms: number): void => {
    stage.host(toHex(encodeFrame(encodeSerial(message))));
    stage.pass(ms);
    heard(what);
  };
  const hello = (protocol: number): void =>
    say('hello', { type: 'hello', protocol: protocol, nonce: 305419896 }, 250);
  const command = (channel: number, value: number): void => {
    id++;
    say('command', { type: 'command', id: id, channel: channel, value: value }, 20);
  };
  const period = (channel: number, periodMs: number): void => {
    id++;
    say('period', { type: 'period', id: id, channel: channel, periodMs: periodMs }, 250);
  };

  stage.boot(false);
  stage.pass(5000);
  heard('boot');
  hello(2);
  command(2, 1);
  command(2, 2);
  command(0, 1);
  command(9, 1);
  period(0, 10);
  period(0, 9);
  period(1, 40);
  stage.measures(0, null);
  stage.pass(50);
  heard('absent');
  stage.measures(0, -1234);
  stage.pass(50);
  heard('back');
  stage.block(true);
  stage.pass(50);
  stage.block(false);
  for (const noise of ['00', '01', '0102', '05820000000000', '06010203040500', '0383000219ffff00']) {
    stage.host(noise + '00');
  }
  stage.host(toHex(filled(7, 300)) + '00');
  stage.pass(1000);
  heard('noise');
  hello(3);

  const chain = buildChain(sha256, CHANNEL, 7, filled(0x5a, 16), TICKS);
  const credit = (number: number, base: number): Installation => ({
    number: number,
    channel: CHANNEL,
    seq: 7,
    anchor: linkAt(chain, 0),
    ticks: TICKS,
    base: base,
    window: WINDOW,
  });
  const install = (number: number, base: number, spoil: boolean): void => {
    const it = credit(number, base);
    const mac = installationMac(sha256, KEY, it);
    if (spoil) mac[0] = mac[0]! ^ 1;
    id++;
    say(
      'install',
      {
        type: 'install',
        id: id,
        number: it.number,
        channel: it.channel,
        seq: it.seq,
        anchor: it.anchor,
        ticks: it.ticks,
        base: it.base,
        window: it.window,
        mac: mac,
      },
      1000,
    );
  };
  const tick = (index: number, spoil: boolean): void => {
    const x = linkAt(chain, index);
    if (spoil) x[0] = x[0]! ^ 1;
    say('tick', { type: 'tick', seq16: 7, index: index, x: x }, 1000);
  };

  stage.boot(true);
  hello(2);
  id++;
  say('provision', { type: 'provision', id: id, slot: 1, bytes: KEY }, 300);
  install(5, 100, true);
  install(5, 100, false);
  install(5, 100, false);
  install(4, 100, false);
  tick(3, false);
  tick(3, false);
  tick(10, true);
  tick(30, false);
  for (let start = 0; start < 5; start++) {
    stage.boot(true);
    stage.pass(100);
    heard('boot');
    hello(2);
    stage.pass(1000);
    heard('start ' + start);
  }
  tick(30, false);
  tick(31, false);
  install(6, 131, false);
  stage.host(toHex(encodeFrame(fromHex('8a')!)));
  stage.pass(2000);
  heard('end');
};
