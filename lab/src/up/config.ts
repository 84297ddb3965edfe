import { logLevelSetting } from '@edgestock/shared/runtime/common-settings';
import { readSettings } from '@edgestock/shared/runtime/env';
import type { LogLevel } from '@edgestock/shared/runtime/log';

/** The one setting of `edgestock up` that is no flag, since nodes and central have theirs in the environment, too. */
export const LOG_LEVEL_VARIABLE = 'EDGESTOCK_UP_LOG_LEVEL';

/**
 * Which log lines `edgestock up` writes. A person at a terminal reads the text and should hear only of what needs them;
 * whoever takes `--json` or keeps the output wants all of it. Throws `ConfigError`.
 */
export function upLogLevel(
  { isJson, isTerminal }: { readonly isJson: boolean; readonly isTerminal: boolean },
  environment: Readonly<Record<string, string | undefined>> = process.env,
): LogLevel {
  const preset = isTerminal && !isJson ? 'warn' : 'info';
  const given = environment[LOG_LEVEL_VARIABLE] || preset;
  return readSettings({ [LOG_LEVEL_VARIABLE]: logLevelSetting }, { environment: { [LOG_LEVEL_VARIABLE]: given } })[
    LOG_LEVEL_VARIABLE
  ];
}
