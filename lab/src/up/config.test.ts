import { expect, test } from 'vitest';
import { upLogLevel } from './config.ts';

test.each([
  [{ isTerminal: true, isJson: false }, 'warn'],
  [{ isTerminal: true, isJson: true }, 'info'],
  [{ isTerminal: false, isJson: false }, 'info'],
  [{ isTerminal: false, isJson: true }, 'info'],
])('with %o the log is written from %s up, unless the environment says otherwise', (output, level) => {
  expect(upLogLevel(output, {})).toBe(level);
  expect(upLogLevel(output, { EDGESTOCK_UP_LOG_LEVEL: '' })).toBe(level);
  expect(upLogLevel(output, { EDGESTOCK_UP_LOG_LEVEL: 'debug' })).toBe('debug');
});

test('a level that does not exist is refused by name', () => {
  expect(() => upLogLevel({ isTerminal: true, isJson: false }, { EDGESTOCK_UP_LOG_LEVEL: 'loud' })).toThrow(
    /EDGESTOCK_UP_LOG_LEVEL/,
  );
});
