import type { ArgDef, ArgsDef, CommandDef } from 'citty';
import type { Subcommand } from './commands.ts';

const WIDTH = 110;

/** What the command as a whole can do. */
export function overview(subcommands: readonly Subcommand[], release: string): string {
  return [
    `edgestock ${release}: stock lives where the goods are.`,
    '',
    'Usage: edgestock <command> [flags]',
    '',
    ...table(subcommands.map(({ name, summary }) => [name, summary])),
    '',
    'Examples',
    ...examplesOf(subcommands.filter(({ name }) => ['up', 'replay', 'demo'].includes(name))),
    '',
    'edgestock <command> --help teaches each of them.',
    'Exit codes: 0 done, 1 it failed or found something wrong, 2 the command line cannot be meant.',
  ].join('\n');
}

/**
 * What one command can do. Written here and not left to the library, whose usage pads descriptions of several lines into one
 * another and colours what goes into a file. A description that brings examples of its own gets no others.
 */
export async function usageOf(
  // biome-ignore lint/suspicious/noExplicitAny: whatever the command's arguments are, they are only shown
  command: CommandDef<any>,
  subcommand: Subcommand,
  path: string,
): Promise<string> {
  const description = (await resolved(command.meta))?.description ?? '';
  const parts = Object.entries((await resolved(command.subCommands)) ?? {});
  const args: ArgsDef = (await resolved(command.args)) ?? {};
  const words = Object.entries(args).filter(([, { type }]) => type === 'positional');
  const flags = Object.entries(args).filter(([, { type }]) => type !== 'positional');
  const partRows = await Promise.all(parts.map(async ([name, part]) => [name, await summaryOf(part)] as const));
  const examples = description.includes('\n  edgestock ') ? [] : examplesOf([subcommand], path);
  const shape = [
    ...(parts.length > 0 ? [command.run === undefined ? '<what>' : '[<what>]'] : []),
    ...words.map(([name, { required }]) => (required === false ? `[${name}]` : `<${name}>`)),
    ...flags.filter(([, { required }]) => required).map(([name, flag]) => `${spelling(name, flag)}`),
    ...(flags.some(([, { required }]) => !required) ? ['[flags]'] : []),
  ];
  return [
    description,
    '',
    `Usage: edgestock ${[path, ...shape].join(' ')}`,
    ...section(partRows),
    ...section(words.map(([name, word]) => [`<${name}>`, explained(word)])),
    ...section(flags.map(([name, flag]) => [spelling(name, flag), explained(flag)])),
    ...(examples.length > 0 ? ['', 'Examples', ...examples] : []),
    ...(parts.length > 0 ? ['', `edgestock ${path} <what> --help teaches each of them.`] : []),
  ].join('\n');
}

/** A command line that works, for who wrote one that does not, and where to read more. */
export async function exampleOf(
  // biome-ignore lint/suspicious/noExplicitAny: as above
  command: CommandDef<any>,
  subcommand: Subcommand,
  path: string,
): Promise<string> {
  const described = ((await resolved(command.meta))?.description ?? '').split('\n').map((line) => line.trim());
  const lines = [...described, ...subcommand.examples.map(([line]) => line)];
  const example = lines.find((line) => line.startsWith(`edgestock ${path} `));
  return [
    ...(example === undefined ? [] : [`For example: ${example}`]),
    `edgestock ${path} --help says what each part of it means.`,
  ].join('\n');
}

function spelling(name: string, flag: ArgDef): string {
  if (flag.type === 'enum') return `--${name} ${flag.options?.join('|') ?? 'NAME'}`;
  return flag.type === 'string' ? `--${name} ${flag.valueHint ?? 'TEXT'}` : `--${name}`;
}

function explained({ description = '', default: preset }: ArgDef): string {
  return preset === undefined ? description : `${description} (default ${preset === '' ? 'empty' : preset})`;
}

/** The first line of what a part says about itself. */
// biome-ignore lint/suspicious/noExplicitAny: as above
async function summaryOf(part: Resolvable<CommandDef<any>>): Promise<string> {
  const meta = await resolved((await resolved(part))?.meta);
  return meta?.description?.split('\n')[0] ?? '';
}

type Resolvable<T> = T | Promise<T> | (() => T) | (() => Promise<T>);

async function resolved<T>(value: Resolvable<T> | undefined): Promise<T | undefined> {
  return value instanceof Function ? value() : value;
}

function section(rows: readonly (readonly [string, string])[]): readonly string[] {
  return rows.length === 0 ? [] : ['', ...table(rows)];
}

/** Names on the left, what they mean on the right, wrapped. */
function table(rows: readonly (readonly [string, string])[]): readonly string[] {
  const indent = Math.min(34, Math.max(...rows.map(([name]) => name.length))) + 4;
  return rows.flatMap(([name, meaning]) => {
    const lines = wrapped(meaning, WIDTH - indent);
    const head = `  ${name}`;
    // A name too long for its column stands on a line of its own.
    const isLong = head.length > indent - 2;
    const first = isLong
      ? [head, `${' '.repeat(indent)}${lines[0] ?? ''}`]
      : [`${head.padEnd(indent)}${lines[0] ?? ''}`];
    return [...first, ...lines.slice(1).map((line) => ' '.repeat(indent) + line)];
  });
}

function wrapped(text: string, width: number): readonly string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? '';
    if (last !== '' && last.length + word.length + 1 > width) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines;
}

/** Those that call the command at `path`: an example of another part of the same command teaches the wrong one. */
function examplesOf(subcommands: readonly Subcommand[], path = ''): readonly string[] {
  const calls = `edgestock ${path}`.trimEnd();
  return subcommands
    .flatMap(({ examples }) => examples.filter(([line]) => `${line} `.includes(`${calls} `)))
    .flatMap(([line, what]) => [`  ${line}`, `      ${what}`]);
}
