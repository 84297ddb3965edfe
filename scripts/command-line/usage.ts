import { type CommandDef, renderUsage } from 'citty';
import type { Subcommand } from './commands.ts';

/** What the command as a whole can do. */
export function overview(subcommands: readonly Subcommand[], release: string): string {
  const width = Math.max(...subcommands.map(({ name }) => name.length));
  return [
    `edgestock ${release}: stock lives where the goods are.`,
    '',
    'USAGE  edgestock <command> [flags]',
    '',
    ...subcommands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    'EXAMPLES',
    ...examplesOf(subcommands.filter(({ name }) => ['up', 'replay', 'demo'].includes(name))),
    '',
    'edgestock <command> --help teaches each of them.',
    'Exit codes: 0 done, 1 it failed or found something wrong, 2 the command line cannot be meant.',
  ].join('\n');
}

/** What one command can do, in the library's words, then command lines that work. */
export async function usageOf(
  // biome-ignore lint/suspicious/noExplicitAny: whatever the command's arguments are, they are only shown
  command: CommandDef<any>,
  subcommand: Subcommand,
  path: string,
): Promise<string> {
  const meta = typeof command.meta === 'function' ? await command.meta() : await command.meta;
  const named = { ...command, meta: { ...meta, name: `edgestock ${path}` } };
  return `${(await renderUsage(named)).trimEnd()}\n\nEXAMPLES\n${examplesOf([subcommand]).join('\n')}`;
}

function examplesOf(subcommands: readonly Subcommand[]): readonly string[] {
  return subcommands.flatMap(({ examples }) => examples.flatMap(([line, what]) => [`  ${line}`, `      ${what}`]));
}
