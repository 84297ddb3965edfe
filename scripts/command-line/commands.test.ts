import type { ArgsDef, CommandDef } from 'citty';
import { expect, test } from 'vitest';
import { subcommands } from './commands.ts';

// biome-ignore lint/suspicious/noExplicitAny: commands differ in their arguments, which are only looked at here
type AnyCommand = CommandDef<any>;

/** The flags of a command and its parts that take a text, each with what the help shows in its place. */
function textFlags(path: string, command: AnyCommand): readonly (readonly [flag: string, hint: string | undefined])[] {
  const own = Object.entries((command.args ?? {}) as ArgsDef).flatMap(([name, flag]) =>
    flag.type === 'string' ? [[`${path} --${name}`, flag.valueHint] as const] : [],
  );
  const parts = Object.entries((command.subCommands ?? {}) as Record<string, AnyCommand>);
  return [...own, ...parts.flatMap(([name, part]) => textFlags(`${path} ${name}`, part))];
}

test('the help of every flag shows what kind of text it takes', async () => {
  const commands = await Promise.all(
    subcommands.map(async ({ name, load }) => [name, (await load()).command] as const),
  );
  const flags = commands.flatMap(([name, command]) => textFlags(name, command));
  expect(flags).toContainEqual(['up --port-base', 'PORT']);
  expect(flags).toContainEqual(['replay --patience-s', 'SECONDS']);
  expect(flags.filter(([, hint]) => hint === undefined)).toEqual([]);
});
