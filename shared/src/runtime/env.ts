import type { z } from 'zod';

export type Setting<T> = {
  readonly schema: z.ZodType<T, string | undefined>;
  readonly description: string;
  /** Of the commands that read it; absent where there is only the environment. */
  readonly flag?: string;
  /** Its value may let somebody in, and is shown to nobody. */
  readonly isSecret?: true;
};
export type SettingTable = Readonly<Record<string, Setting<unknown>>>;
export type SettingsOf<Table extends SettingTable> = {
  readonly [Name in keyof Table]: z.output<Table[Name]['schema']>;
};

/** Every wrong setting at once: an operator should not have to restart five times to learn five mistakes. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`the configuration cannot be used:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

/** What somebody set, by the names of the settings. What was said by a flag goes before the environment. */
export type Given = {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly flags?: Readonly<Record<string, string | undefined>>;
};

/** Reads the named settings; an empty value counts as unset. Throws one `ConfigError` with every problem. */
export function readSettings<Table extends SettingTable>(table: Table, given: Given): SettingsOf<Table> {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(table)) {
    const text = textOf(name, given);
    const parsed = setting.schema.safeParse(text === '' ? undefined : text);
    if (parsed.success) values[name] = parsed.data;
    else {
      const why = parsed.error.issues.map((issue) => issue.message).join('; ');
      // Whoever has typed it as a flag knows of that.
      const flag = setting.flag === undefined || given.flags?.[name] !== undefined ? '' : ` Flag: ${setting.flag}.`;
      problems.push(`${asTyped(table, name, given)}: ${why}. ${setting.description}${flag}`);
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return values as SettingsOf<Table>;
}

/** A setting as whoever gave it finds it again: `--port x` in the command line, `EDGESTOCK_EDGE_PORT=x` in the environment. */
export function asTyped<Table extends SettingTable>(table: Table, name: keyof Table & string, given: Given): string {
  const setting = table[name];
  const text = setting?.isSecret === true ? '(not shown)' : (textOf(name, given) ?? '(unset)');
  const isFlag = setting?.flag !== undefined && given.flags?.[name] !== undefined;
  return isFlag ? `${setting.flag} ${text}` : `${name}=${text}`;
}

function textOf(name: string, { environment, flags }: Given): string | undefined {
  return flags?.[name] ?? environment[name];
}
