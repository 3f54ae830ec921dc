// A greenhouse with a DS18B20, a soil probe and a valve: copy it, make it yours, upload it as .bootcde (README.md).
const tollbridge = require('tollbridge');
const air = require('DS18B20').connect(new OneWire(D15));

Serial1.setup(115200, { tx: D0, rx: D1 });

tollbridge.start({
  board: 'greenhouse',
  line: Serial1,
  // Rented out? Then it counts payments by itself: memory: require('tollbridge-storage').open(),
  parts: [
    {
      name: 'air',
      kind: 'temperature',
      unit: 'Cel',
      exponent: -2, // a mantissa of 2025 is 20.25 degrees
      periodMs: 1000,
      read: (done) =>
        air.getTemp((celsius) => done(celsius === null ? undefined : Math.round(celsius * 100))),
    },
    {
      name: 'soil',
      kind: 'soil-moisture',
      unit: '/',
      exponent: -3,
      periodMs: 10000,
      read: (done) => done(Math.round(analogRead(D26) * 1000)),
    },
    {
      name: 'valve',
      kind: 'valve',
      unit: '/',
      exponent: 0,
      periodMs: 10000,
      command: (value) => {
        if (value !== 0 && value !== 1) return false;
        digitalWrite(D14, value);
        return true;
      },
      read: (done) => done(digitalRead(D14)),
    },
  ],
});
