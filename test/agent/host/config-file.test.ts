import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { printExample, readConfig } from '../../../agent/host/config-file.ts';
import { type Infer, s } from '../../../agent/host/shape.ts';
import { didKey } from '../../../schemas/identity.ts';

const KEY = new Uint8Array(32).fill(2);
KEY[31] = 0x18;

const station = s.refine(
  s.object(
    {
      name: s.text({
        about: 'Name on offer',
        pattern: /^[a-z][a-z0-9-]*$/,
        expected: 'lower-case letters, digits, hyphens',
        example: 'roof',
      }),
      state: s.path({ about: 'Where it keeps its money', default: './state' }),
      broker: s.object(
        {
          url: s.text({ about: 'Where the broker listens', example: 'mqtts://box.local:8883' }),
          key: s.optional(s.key({ about: 'Its pinned key' })),
          timeoutMs: s.integer({ about: 'Wait for an answer', min: 1, max: 60000, default: 5000 }),
        },
        { about: 'The broker' },
      ),
      price: s.money({ about: 'Price of a reading', example: '0.002' }),
      limit: s.money({ about: 'Most owed', default: '1' }),
      unpaid: s.choice(['stop', 'window', 'trust'], { about: 'Without payment', default: 'window' }),
      dry: s.boolean({ about: 'Only pretend', default: 'false' }),
      opensAt: s.optional(s.decimal({ about: 'Threshold' })),
      settlers: s.list(s.key({ about: 'A settler' }), { about: 'Whose grants count', min: 1, max: 3 }),
      devices: s.list(
        s.variant(
          'driver',
          {
            frames: { path: s.text({ about: 'Serial line', example: '/dev/ttyUSB0' }) },
            topic: {
              topic: s.text({ about: 'MQTT topic' }),
              retain: s.boolean({ about: 'Kept', default: 'false' }),
            },
          },
          { about: 'A device' },
        ),
        { about: 'What it owns' },
      ),
    },
    { about: 'A station' },
  ),
  (value) => (value.price > value.limit ? 'price is above limit' : undefined),
);
type Station = Infer<typeof station>;

const MINIMAL = `name: roof
broker:
  url: mqtt://localhost:1883
price: 0.002
settlers:
  - ${didKey(KEY)}
`;

const read = (text: string): Station => {
  const config = readConfig('/etc/tb/agent.yaml', text, station);
  if (!config.ok) throw new Error(config.detail);
  return config.value;
};

/** The lines of the refusal, without the name of the file. */
const problems = (text: string): string[] => {
  const config = readConfig('agent.yaml', text, station);
  if (config.ok) throw new Error('was accepted');
  assert.is(config.code, 'config-invalid');
  return config.detail.split('\n').map((line) => {
    assert.ok(line.startsWith('agent.yaml:'), line);
    return line.slice('agent.yaml:'.length);
  });
};

const config = suite('config file');

config('fills in what is left out and resolves paths beside the file', () => {
  const expected: Station = {
    name: 'roof',
    state: '/etc/tb/state',
    broker: { url: 'mqtt://localhost:1883', key: null, timeoutMs: 5000 },
    price: 2_000_000,
    limit: 1_000_000_000,
    unpaid: 'window',
    dry: false,
    opensAt: null,
    settlers: [KEY],
    devices: [],
  };
  assert.equal(read(MINIMAL), expected);
  assert.equal(read(`${MINIMAL}devices:\nstate:\n`), expected);
});

config('takes a database as a path beside the file, or as a URL that stays what it is', () => {
  const shape = s.object({ db: s.database({ about: 'Accounts', example: './a.db' }) }, { about: 'x' });
  const at = (db: string) => readConfig('/etc/tb/broker.yaml', `db: ${db}\n`, shape);
  assert.equal(at('./a.db'), { ok: true, value: { db: '/etc/tb/a.db' } });
  const url = 'postgres://settler@db.local/settler?sslmode=verify-full';
  assert.equal(at(url), { ok: true, value: { db: url } });
  assert.is(at('"a\\0b"').ok, false);
});

config('reads every kind of value', () => {
  const value = read(`${MINIMAL}
state: /var/lib/tb
unpaid: stop
dry: true
opensAt: -1.50
limit: "9007199.254740991"
devices:
  - {driver: frames, path: /dev/ttyUSB0}
  - driver: topic
    topic: 'zigbee2mqtt/roof'
`);
  assert.is(value.state, '/var/lib/tb');
  assert.is(value.unpaid, 'stop');
  assert.is(value.dry, true);
  assert.equal(value.opensAt, { mantissa: -15, exponent: -1 });
  assert.is(value.limit, Number.MAX_SAFE_INTEGER);
  assert.equal(value.devices, [
    { driver: 'frames', path: '/dev/ttyUSB0' },
    { driver: 'topic', topic: 'zigbee2mqtt/roof', retain: false },
  ]);
});

config('reads amounts to the nano, never through a float', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (nano) => {
      const digits = String(nano).padStart(10, '0');
      const text = `${digits.slice(0, -9)}.${digits.slice(-9)}`;
      assert.is(read(`${MINIMAL}limit: ${text}`.replace('price: 0.002', 'price: 0')).limit, nano);
    }),
  );
});

config('names line, column and the key that was meant', () => {
  assert.equal(problems(`${MINIMAL}statte: here\n`), ['7:1: unknown key "statte": did you mean "state"?']);
  const inside = MINIMAL.replace('price', '  timeout_ms: 3\nprice');
  assert.equal(problems(inside), ['4:3: unknown key "timeout_ms" in broker: did you mean "timeoutMs"?']);
  assert.match(
    problems(`${MINIMAL}colour: red\n`)[0]!,
    /^7:1: unknown key "colour": known here are name, state, /,
  );
  assert.match(problems(`${MINIMAL}__proto__: 1\n`)[0]!, /^7:1: unknown key "__proto__"/);
  assert.match(problems(`${MINIMAL}<<: {dry: true}\n`)[0]!, /^7:1: unknown key "<<"/);
});

config('names the value and what is allowed', () => {
  const changed = (line: string): string => problems(`${MINIMAL}${line}\n`)[0]!;
  assert.is(
    changed('unpaid: trsut'),
    '7:9: unpaid must be one of stop, window, trust, not "trsut": did you mean "trust"?',
  );
  assert.is(changed('unpaid: 7'), '7:9: unpaid must be one of stop, window, trust, not "7"');
  assert.is(changed('dry: yes'), '7:6: dry must be true or false, not "yes"');
  assert.is(
    changed('limit: 1e3'),
    '7:8: limit must be an amount with at most nine decimals, such as 0.002, not "1e3"',
  );
  assert.is(
    changed('limit: [1]'),
    '7:8: limit must be an amount with at most nine decimals, such as 0.002, not a list',
  );
  assert.is(changed('devices: {}'), '7:10: devices must be a list of 0 to 256 items, not a map');
  assert.is(changed('opensAt: warm'), '7:10: opensAt must be a decimal number such as 21.5, not "warm"');
  const bad = ['-0.1', '0.0000000001', '9007199.254740992', 'NaN', '0x10', '1,5', '.inf', '""'];
  for (const amount of bad) assert.match(changed(`limit: ${amount}`), /limit must be an amount/);
});

config('explains a unit where it belongs into the name', () => {
  const timeout = (text: string): string =>
    problems(MINIMAL.replace('price', `  timeoutMs: ${text}\nprice`))[0]!;
  const expected = '4:14: broker.timeoutMs must be a whole number from 1 to 60000';
  assert.is(
    timeout('5s'),
    `${expected}, not "5s": the unit is in the name, write the number of milliseconds`,
  );
  assert.is(timeout('60001'), `${expected}, not "60001"`);
  for (const text of ['0', '1.5', '1e3', '-1', '99999999999999999999'])
    assert.match(timeout(text), /must be a whole/);
});

config('tells every mistake at once, up to ten', () => {
  assert.equal(problems('name: Roof\nbroker: {url: x, prot: 1}\nsettlers: []\n'), [
    '1:7: name must be lower-case letters, digits, hyphens, not "Roof"',
    '2:18: unknown key "prot" in broker: known here are url, key, timeoutMs',
    '1:1: price is missing; write an amount with at most nine decimals, such as 0.002',
    '3:11: settlers must be a list of 1 to 3 items, not of 0',
  ]);
  const many = Array.from({ length: 50 }, (_, i) => `qqqqq${i}: 1`).join('\n');
  assert.is(problems(`${MINIMAL}${many}\n`).length, 10);
});

config('names items of lists, and kinds by their tag', () => {
  const devices = (lines: string): string[] => problems(`${MINIMAL}devices:\n${lines}`);
  assert.equal(devices('  - driver: frames\n'), [
    '8:5: devices[1].path is missing; write a text of 1 to 1024 characters',
  ]);
  assert.equal(devices('  - path: x\n'), ['8:5: devices[1].driver is missing; write one of frames, topic']);
  assert.equal(devices('  - {driver: frames, topic: x, path: y}\n'), [
    '8:22: unknown key "topic" in devices[1]: known here are driver, path',
  ]);
  assert.equal(devices('  - 5\n'), ['8:5: devices[1].driver is missing; write one of frames, topic']);
});

config('checks rules between keys once the keys are sound', () => {
  assert.equal(problems(`${MINIMAL}limit: 0.001\n`), ['1:1: the file: price is above limit']);
});

config('refuses what is not YAML, and YAML that hides what it says', () => {
  assert.match(problems('name: "roof\n')[0]!, /^\d:\d+: not YAML: /);
  assert.match(problems('name: a\nname: b\n')[0]!, /^2:1: not YAML: Map keys must be unique/);
  assert.match(
    problems(MINIMAL.replace('name: roof', 'name: &n roof') + 'state: *n\n')[0]!,
    /^7:8: state is an alias/,
  );
  assert.match(problems('- a\n')[0]!, /^1:1: the file must have name, state, /);
  assert.is(problems('').length, 4);
  const deep = readConfig('agent.yaml', '['.repeat(200_000), station);
  assert.ok(!deep.ok && deep.code === 'config-invalid');
  const long = readConfig('agent.yaml', ' '.repeat(1_000_001), station);
  assert.ok(!long.ok && long.detail.includes('1000001 characters'));
});

config('throws on a default that its own shape refuses', () => {
  const wrong = s.integer({ about: 'x', min: 1, max: 2, default: 3 });
  assert.throws(() => readConfig('a', '', s.object({ wrong }, { about: 'x' })), /default 3 of wrong/);
});

config('prints an example with every key, which it accepts itself', () => {
  const example = printExample(station);
  for (const name of [
    'name',
    'state',
    'timeoutMs',
    'price',
    'unpaid',
    'opensAt',
    'settlers',
    'devices',
    'path',
  ])
    assert.match(example, new RegExp(`^[ #-]*${name}:`, 'm'));
  const value = read(example);
  assert.is(value.name, 'roof');
  assert.is(value.price, 2_000_000);
  assert.equal(value.devices, []);
  const all = read(example.replace(/^( *)# ( *(- # .*|# .*|[A-Za-z]+: ?\S*|- .*))$/gm, '$1$2'));
  assert.is(all.devices[0]?.driver, 'frames');
});

config.run();
