// The operator's command. It only finds the command that is meant; what that does is in the package it comes from.
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { startSettings } from './command-line/start-settings.ts';

// Saves a fifth of the start: 0.86 s to 0.67 s for a node. In the checkout, since whoever can write there can run code as us.
const compileCache = join(import.meta.dirname, '..', '.tools', 'compile-cache');
const words = process.argv.slice(2);
const { flags, environment } = startSettings(words, {
  execArgv: process.execArgv,
  environment: process.env,
  compileCache,
});
// The same process goes on, with its number and its streams: whoever supervises it sees no difference. Before anything else is
// imported, it costs 40 ms. Where the system cannot do that, it runs with what Node chooses.
const isAsDue = flags.length === 0 && Object.keys(environment).length === 0;
if (!isAsDue && process.platform !== 'win32' && process.execve !== undefined && !process.connected) {
  const given = [...process.execArgv, ...process.argv.slice(1)];
  process.execve(process.execPath, [process.execPath, ...flags, ...given], { ...process.env, ...environment });
}

enableCompileCache(compileCache);

const { RELEASE } = await import('@edgestock/shared/runtime/release');
const { subcommands } = await import('./command-line/commands.ts');
const { dispatch } = await import('./command-line/dispatch.ts');

// A command that has ended has stopped all that it started, so the process ends with it. Left to itself it would wait for what cannot
// be cancelled, such as the broker's client between two attempts, for up to 10 s; and Node, taking its event loop apart, now and then
// spins for ever (nodejs/node#47748; seen once, after a demo with connections that were kept alive).
const code = await dispatch(words, {
  subcommands,
  release: RELEASE,
  output: { answer: (text) => console.log(text), complain: (text) => console.error(text) },
});
process.exit(code);
