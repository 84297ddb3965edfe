import type { NewPromise, OrderChange, PromiseCommand } from '../../rules/promise-command.ts';

/** Commands that come one after the other and are carried out together. */
export type PromiseRun =
  | { readonly of: 'new-promises'; readonly commands: [NewPromise, ...NewPromise[]] }
  | { readonly of: 'order-changes'; readonly commands: [OrderChange, ...OrderChange[]] }
  | { readonly of: 'one'; readonly command: Exclude<PromiseCommand, NewPromise | OrderChange> };

/** New promises of one channel are one run, changes of different orders as well, and every other command is one by itself. */
export function promiseRuns(commands: readonly PromiseCommand[]): readonly PromiseRun[] {
  const runs: PromiseRun[] = [];
  for (const command of commands) {
    const run = runs.at(-1);
    switch (command.command) {
      case 'reserve':
      case 'place-order':
        if (run?.of === 'new-promises' && run.commands[0].channel === command.channel) run.commands.push(command);
        else runs.push({ of: 'new-promises', commands: [command] });
        break;
      case 'pay':
      case 'cancel':
        if (run?.of === 'order-changes' && run.commands.every(({ order }) => order !== command.order))
          run.commands.push(command);
        else runs.push({ of: 'order-changes', commands: [command] });
        break;
      default:
        runs.push({ of: 'one', command });
    }
  }
  return runs;
}
