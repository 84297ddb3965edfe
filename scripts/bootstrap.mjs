// Plain JavaScript without dependencies, for any Node from 18 on: makes a fresh checkout runnable (a Node that is new
// enough, pnpm, the workspace, a nats-server), then runs the command after `--` in the root of the checkout.
// Everything it fetches goes into .tools and node_modules; when all is there it only starts the command.
import { ROOT } from './bootstrap/pins.mjs';
import { handOver, SetupError, say } from './bootstrap/run.mjs';
import { setUp } from './bootstrap/set-up.mjs';

try {
  const { env } = setUp();
  const separator = process.argv.indexOf('--');
  const [command, ...args] = separator === -1 ? [] : process.argv.slice(separator + 1);
  if (command) handOver(command, args, { cwd: ROOT, env });
} catch (error) {
  say(error instanceof SetupError ? error.message : error.stack);
  process.exitCode = 1;
}
