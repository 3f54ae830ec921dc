import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { brokerAccess } from '../../agent/broker-access.ts';
import { AGENT_SHAPE, agentConfig } from '../../agent/config.ts';
import { printExample, readConfig } from '../../agent/host/config-file.ts';
import { didKey } from '../../schemas/identity.ts';

const KEY = 'did:key:z6MkehRgf7yJbgaGfYsdoAsKdBPE3dj2CYhowQdcjqSJgvVd';
const HEAD = `broker: { url: mqtt://127.0.0.1:1883, key: ${KEY} }
settlers: [{ key: ${KEY} }]
`;
const STATION = `devices: [{ driver: frames, name: station, path: /dev/ttyUSB0 }]
`;
const OFFER = 'name: outdoor-temperature, device: station, sensor: temperature, price: 0.002';

const read = (text: string) => readConfig('agent.yaml', text, AGENT_SHAPE);

const refused = (text: string, pattern: RegExp): void => {
  const file = read(text);
  assert.ok(!file.ok && file.code === 'config-invalid', 'it was accepted');
  assert.match(file.detail, pattern);
};

const shape = suite('AGENT_SHAPE');

shape('accepts the example it prints', () => {
  const file = read(printExample(AGENT_SHAPE));
  assert.ok(file.ok, file.ok ? '' : file.detail);
});

shape('accepts what the README shows', () => {
  const text = readFileSync(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8');
  const [selling, buying] = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map((block) =>
    block[1]!.replaceAll('did:key:z6Mk…', KEY),
  );
  for (const file of [read(selling!), read(HEAD + buying!)]) assert.ok(file.ok, file.ok ? '' : file.detail);
});

shape('turns prices into nano, tiers and all', () => {
  const file = read(`${HEAD}${STATION}sell: [{ ${OFFER}, tiers: [{ from: 100, price: '0.001' }] }]\n`);
  assert.ok(file.ok);
  assert.equal(agentConfig(file.value).sell[0]!.price, [
    { from: 1, priceNano: 2_000_000 },
    { from: 100, priceNano: 1_000_000 },
  ]);
});

shape('names the line and the column of a key that is not known, and the one that was meant', () => {
  refused(`${HEAD}sells: []\n`, /^agent\.yaml:3:1: unknown key "sells": did you mean "sell"\?$/m);
});

shape('refuses an offer of a device that is not there', () => {
  refused(`${HEAD}sell: [{ ${OFFER} }]\n`, /names the device "station", which is not in devices/);
});

shape('refuses two devices at one port', () => {
  const two = 'devices: [{ driver: frames, name: a, path: ./b }, { driver: frames, name: b, path: b }]\n';
  refused(`${HEAD}${two}`, /two devices have the port \S*\/b: a board has a place of its own/);
});

shape('refuses two devices on one topic', () => {
  const place = 'driver: frames, broker: { url: mqtt://box }, topic: boards';
  const two = `devices: [{ name: a, ${place}/a }, { name: b, ${place}/a }]\n`;
  refused(
    `${HEAD}${two}`,
    /two devices have the topic boards\/a on mqtt:\/\/box: a board has a place of its own/,
  );
  const file = read(`${HEAD}devices: [{ name: a, ${place}/a }, { name: b, ${place}/b }]\n`);
  assert.ok(file.ok, file.ok ? '' : file.detail);
});

shape('refuses a serial number that is none', () => {
  const one = 'devices: [{ driver: frames, name: a, path: b, serial: 12ab }]\n';
  refused(`${HEAD}${one}`, /serial must be 16 hexadecimal digits/);
});

shape('refuses two offers of one name', () => {
  refused(`${HEAD}${STATION}sell: [{ ${OFFER} }, { ${OFFER} }]\n`, /stands twice in sell/);
});

shape('refuses a price of nothing, and tiers that do not rise', () => {
  refused(`${HEAD}${STATION}sell: [{ ${OFFER.replace('0.002', '0')} }]\n`, /must be at least 0\.000000001/);
  const tiers = 'tiers: [{ from: 9, price: 0.001 }, { from: 9, price: 0.001 }]';
  refused(`${HEAD}${STATION}sell: [{ ${OFFER}, ${tiers} }]\n`, /tiers rise/);
});

shape('refuses a rule on nothing bought, and one that would tremble', () => {
  const rule = 'name: r, on: temperature, device: station, output: v, openAt: 20, closeAt: 18';
  refused(`${HEAD}${STATION}rules: [{ ${rule} }]\n`, /"temperature", which is not in buy/);
  refused(`${HEAD}${STATION}rules: [{ ${rule.replace('18', '20.0')} }]\n`, /must differ/);
});

shape('refuses a unit that SenML does not know, and a price with ten decimals', () => {
  const wish = 'name: t, kind: temperature, unit: Fahrenheit, priceMax: 0.1, readings: 1, budget: 1';
  refused(`${HEAD}buy: [{ ${wish} }]\n`, /no unit of SenML/);
  refused(`${HEAD}buy: [{ ${wish.replace('0.1', '0.0000000001')} }]\n`, /at most nine decimals/);
});

shape('takes a pin as openssl prints it, and as our broker does', () => {
  const colons = Array.from({ length: 32 }, (_, i) => (i + 160).toString(16).toUpperCase()).join(':');
  const pins = [colons, colons.replaceAll(':', '').toLowerCase()].map((pin) => {
    const file = read(`broker: { url: 'mqtts://box:8883', pin: '${pin}' }\nsettlers: [{ key: ${KEY} }]\n`);
    assert.ok(file.ok, file.ok ? '' : file.detail);
    const access = brokerAccess(agentConfig(file.value).broker, '/nowhere');
    assert.ok(access.ok);
    return access.value.trust.pin!;
  });
  assert.is(pins[0]![31], 191);
  assert.equal(pins[0], pins[1]);
});

shape('takes a password without a user name, which is the id of the agent', () => {
  const login = (words: string) => {
    const file = read(HEAD.replace(/^(broker: .*) }/m, `$1, ${words} }`));
    assert.ok(file.ok, file.ok ? '' : file.detail);
    return brokerAccess(agentConfig(file.value).broker, '/nowhere');
  };
  const passwordFile = join(mkdtempSync(join(tmpdir(), 'config-')), 'password');
  writeFileSync(passwordFile, 'secret\n');
  const taken = login(`passwordFile: ${passwordFile}`);
  assert.ok(taken.ok, taken.ok ? '' : taken.detail);
  assert.equal([taken.value.login?.user, String(taken.value.login?.password)], [null, 'secret']);
  const without = login('user: station');
  assert.ok(!without.ok && without.code === 'config-invalid');
  rmSync(dirname(passwordFile), { recursive: true });
});

const OTHER = 'did:key:z6MkvLrkgkeeWeRwktZGShYPiB5YuPkhN1yi3MNv2KpnJtpo';

shape('reads what an owner says of its devices, its lines and its consents', () => {
  const file = read(`${HEAD}
owns: [{ device: ${OTHER}, total: 200, perDay: 10, refill: { upTo: 500, step: 50 } }]
trust: [{ account: ${OTHER}, limit: 50.00 }]
compression: [{ counterparty: 20 }]
`);
  assert.ok(file.ok, file.ok ? '' : file.detail);
  const { owns, trust, compression, settlers, owner } = agentConfig(file.value);
  const { key } = settlers[0]!;
  const eur = 1_000_000_000;
  const [{ device, ...own }] = owns as [(typeof owns)[number]];
  assert.is(didKey(device), OTHER);
  assert.equal(own, {
    ...{
      settler: key,
      currency: 'EUR',
      totalNano: 200 * eur,
      dayNano: 10 * eur,
      sellerNano: null,
      days: 365,
    },
    refill: { upToNano: 500 * eur, stepNano: 50 * eur },
  });
  assert.equal(trust, [{ debtor: device, settler: key, currency: 'EUR', limitNano: 50 * eur }]);
  assert.equal(compression, [{ settler: key, currency: 'EUR', counterpartyNano: 20 * eur }]);
  assert.is(owner, null);
});

shape('accepts of a settler the backings that were named, or the usual ones', () => {
  const backings = (list: string): number => {
    const file = read(HEAD.replace(`key: ${KEY} }]`, `key: ${KEY}${list} }]`));
    assert.ok(file.ok, file.ok ? '' : file.detail);
    return agentConfig(file.value).settlers[0]!.backings;
  };
  assert.equal([backings(''), backings(', backings: [bilateral]')], [3, 4]);
  assert.is(backings(', backings: [deposit, guaranteed, bilateral]'), 7);
  const trust = ` }]\ntrust: [{ account: ${OTHER}, limit: 50.00`;
  assert.equal([backings(trust), backings(`, backings: [deposit]${trust}`)], [7, 1]);
  refused(HEAD.replace(`key: ${KEY} }]`, `key: ${KEY}, backings: [trust] }]`), /backings/);
});

shape('refuses what an owner says twice, or in vain', () => {
  const own = `device: ${OTHER}, total: 200`;
  const cases: readonly (readonly [string, RegExp])[] = [
    [`owns: [{ ${own} }, { ${own} }]`, /a device stands twice in owns/],
    [`owns: [{ ${own}, settler: ${OTHER} }]`, /is not in settlers: pin it there/],
    [`owns: [{ ${own}, perDay: 201 }]`, /perDay and perSeller of did:key:\S+ are at most its total/],
    [`owns: [{ ${own}, refill: { upTo: 100, step: 50 } }]`, /the refill of did:key:\S+ must rise/],
    [`owns: [{ ${own}, refill: { upTo: 300, step: 0 } }]`, /the refill of did:key:\S+ must rise/],
    [`owner: { key: ${OTHER} }\nowns: [{ ${own} }]`, /exclude each other/],
    [`trust: [{ account: ${OTHER}, limit: 1 }, { account: ${OTHER}, limit: 2 }]`, /stands twice in trust/],
    [`compression: [{ counterparty: 1 }, { counterparty: 2 }]`, /stands twice in compression/],
  ];
  for (const [text, pattern] of cases) refused(`${HEAD}${text}\n`, pattern);
});

shape.run();
