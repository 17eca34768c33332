'use strict';
/** Prints `{ heapMb, loadMs }` of requiring the module in argv[2]. Run with --expose-gc. */
global.gc();
const before = process.memoryUsage().heapUsed;
const started = process.hrtime.bigint();
const loaded = require(process.argv[2]);
const loadMs = Number(process.hrtime.bigint() - started) / 1e6;
global.gc();
const heapMb = (process.memoryUsage().heapUsed - before) / 1024 / 1024;
// Named here so that it cannot be collected before it is measured.
process.stdout.write(JSON.stringify({ heapMb, loadMs, exports: Object.keys(loaded).length }));
