import type { NewPromise, PromiseCommand } from '../../rules/promise-command.ts';

/** Commands that come one after the other and are carried out together. */
export type PromiseRun =
  | { readonly of: 'new-promises'; readonly commands: [NewPromise, ...NewPromise[]] }
  | { readonly of: 'one'; readonly command: Exclude<PromiseCommand, NewPromise> };

/** New promises of one channel are one run, and every other command is one by itself. */
export function promiseRuns(commands: readonly PromiseCommand[]): readonly PromiseRun[] {
  const runs: PromiseRun[] = [];
  for (const command of commands) {
    const run = runs.at(-1);
    if (command.command !== 'reserve' && command.command !== 'place-order') {
      runs.push({ of: 'one', command });
    } else if (run?.of === 'new-promises' && run.commands[0].channel === command.channel) {
      run.commands.push(command);
    } else {
      runs.push({ of: 'new-promises', commands: [command] });
    }
  }
  return runs;
}
