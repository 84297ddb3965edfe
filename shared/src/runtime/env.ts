import type { z } from 'zod';

export type Setting<T> = {
  readonly schema: z.ZodType<T, string | undefined>;
  readonly description: string;
  /** Of the command that reads it; absent where there is only the environment. */
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

/** Reads the named settings out of an environment; an empty value counts as unset. Throws one `ConfigError` with every problem. */
export function readSettings<Table extends SettingTable>(
  table: Table,
  environment: Readonly<Record<string, string | undefined>>,
): SettingsOf<Table> {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(table)) {
    const text = environment[name];
    const parsed = setting.schema.safeParse(text === '' ? undefined : text);
    if (parsed.success) values[name] = parsed.data;
    else
      problems.push(
        `${name}=${setting.isSecret === true ? '(not shown)' : (text ?? '(unset)')}: ${parsed.error.issues.map((issue) => issue.message).join('; ')}. ${setting.description}${setting.flag === undefined ? '' : ` Flag: ${setting.flag}.`}`,
      );
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return values as SettingsOf<Table>;
}
