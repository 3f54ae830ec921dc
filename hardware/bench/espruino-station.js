// A board's own program, as its owner writes it: one sensor on credit, at the serial line of an Espruino.
// The bench has put the modules of hardware/espruino/ into its storage, and set up Serial1.
var began = getTime();

require('tollbridge').start({
  board: 'espruino',
  line: Serial1,
  memory: require('tollbridge-storage').open(),
  parts: [
    {
      name: 'uptime',
      kind: 'uptime',
      unit: 's',
      exponent: -2,
      periodMs: 1000,
      read: (done) => {
        done(Math.floor((getTime() - began) * 100));
      },
    },
  ],
});
