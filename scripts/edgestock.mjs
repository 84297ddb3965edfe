#!/usr/bin/env node
// The `edgestock` command of a checkout: completes the set-up if need be, then runs the command-line program where the
// caller stands, so that file arguments mean what the caller meant.
import { join } from 'node:path';
import { ROOT } from './bootstrap/pins.mjs';
import { handOver, SetupError, say } from './bootstrap/run.mjs';
import { setUp } from './bootstrap/set-up.mjs';

try {
  const { node, env } = setUp();
  handOver(node, [join(ROOT, 'scripts', 'edgestock.ts'), ...process.argv.slice(2)], { env, shell: false });
} catch (error) {
  say(error instanceof SetupError ? error.message : error.stack);
  process.exitCode = 1;
}
