import { stripVTControlCharacters } from 'node:util';
import { WrongCall } from '@edgestock/shared/command/wrong-call';
import { type CommandDef, runCommand } from 'citty';
import type { Subcommand } from './commands.ts';
import { refuseMisuse, suggestion } from './misuse.ts';
import { exampleOf, overview, usageOf } from './usage.ts';

export type Output = { readonly answer: (text: string) => void; readonly complain: (text: string) => void };

/**
 * Runs a command line. The result is the exit code: 0 done, 1 failed, 2 misused; a command that has found something wrong
 * has set `process.exitCode` itself, and keeps it.
 */
export async function dispatch(
  line: readonly string[],
  {
    subcommands,
    release,
    output,
  }: { readonly subcommands: readonly Subcommand[]; readonly release: string; readonly output: Output },
): Promise<number> {
  try {
    const [name = '--help', ...rest] = line;
    if (name === '--version' || name === '-v') output.answer(release);
    else if (isHelp(name) || (name === 'help' && rest.length === 0)) output.answer(overview(subcommands, release));
    else if (name === 'help') await run(rest[0] ?? '', [...rest.slice(1), '--help'], { subcommands, output });
    else await run(name, rest, { subcommands, output });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    output.complain(explained(error));
    return exitCodeOf(error);
  }
}

async function run(
  name: string,
  args: readonly string[],
  { subcommands, output }: { readonly subcommands: readonly Subcommand[]; readonly output: Output },
): Promise<void> {
  const subcommand = subcommands.find((known) => known.name === name);
  if (!subcommand) {
    const names = subcommands.map((known) => known.name);
    throw new WrongCall(`There is no command "${name}"`, suggestion(name, names, 'edgestock ', ''));
  }
  const { command, path, rest } = await descend((await subcommand.load()).command, [name], args);
  const isLeaf = command.run !== undefined;
  if (rest.some(isHelp)) return output.answer(await usageOf(command, subcommand, path.join(' ')));
  if (!isLeaf) {
    output.complain(await usageOf(command, subcommand, path.join(' ')));
    throw new WrongCall(
      `edgestock ${path.join(' ')} needs to know what`,
      `One of: ${Object.keys(await partsOf(command)).join(', ')}`,
    );
  }
  const known = (await (typeof command.args === 'function' ? command.args() : command.args)) ?? {};
  refuseMisuse(rest, known, path.join(' '));
  // The library looks for the name of a part among all words, values of flags included: `descend` has found it before.
  const { subCommands: _, ...leaf } = command;
  try {
    await runCommand(leaf, { rawArgs: [...rest] });
  } catch (error) {
    if (!(error instanceof Error && error.name === 'CLIError')) throw error;
    // The argument library says what is missing, in colours for whatever reads it, and leaves its user with that.
    throw new WrongCall(stripVTControlCharacters(error.message), await exampleOf(command, subcommand, path.join(' ')));
  }
}

// biome-ignore lint/suspicious/noExplicitAny: the arguments differ from command to command, and are checked against its own table
type AnyCommand = CommandDef<any>;

/** Follows `import catalogue` down to the command that runs. */
async function descend(
  command: AnyCommand,
  path: readonly string[],
  args: readonly string[],
): Promise<{ readonly command: AnyCommand; readonly path: readonly string[]; readonly rest: readonly string[] }> {
  const parts = await partsOf(command);
  const [name = '', ...rest] = args;
  if (Object.keys(parts).length === 0 || name === '' || name.startsWith('-')) return { command, path, rest: args };
  const part = parts[name];
  if (part === undefined) {
    const where = path.join(' ');
    throw new WrongCall(
      `edgestock ${where} has no "${name}"`,
      suggestion(name, Object.keys(parts), `edgestock ${where} `, where),
    );
  }
  return descend(typeof part === 'function' ? await part() : await part, [...path, name], rest);
}

async function partsOf(command: AnyCommand) {
  const parts = typeof command.subCommands === 'function' ? await command.subCommands() : await command.subCommands;
  return parts ?? {};
}

function isHelp(argument: string): boolean {
  return argument === '--help' || argument === '-h';
}

/** Errors carry their exit code where they know better than "failed". */
function exitCodeOf(error: unknown): number {
  return error instanceof Error && 'exitCode' in error && typeof error.exitCode === 'number' ? error.exitCode : 1;
}

/** An operating failure explains itself with its hint and causes. Anything without one is our mistake, and shows its stack. */
function explained(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isOurs = !('hint' in error) && ['Error', 'TypeError', 'RangeError', 'AssertionError'].includes(error.name);
  if (isOurs) return error.stack ?? error.message;
  const said = [error.message];
  for (let { cause } = error; cause instanceof Error && said.length < 6; { cause } = cause) {
    // Sentences that go into a log alone have their reason in them already.
    if (!said.at(-1)?.includes(cause.message)) said.push(`  because: ${cause.message}`);
  }
  const hint = 'hint' in error && typeof error.hint === 'string' && error.hint !== '' ? [error.hint] : [];
  return [...said, ...hint].join('\n');
}
