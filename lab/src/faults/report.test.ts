import { expect, test } from 'vitest';
import { asTable } from './report.ts';

test('the table has a line for each case, aligned, and says what was left out and why', () => {
  const table = asTable([
    { rows: [2], name: 'power-cut-node', result: 'skipped', told: 'needs root', seconds: 0 },
    { rows: [26, 31], name: 'x', result: 'failed', told: 'a | b\nc', seconds: 1.25 },
  ]);
  expect(table.split('\n')).toEqual([
    '| Row    | Case           | Result  | s   | What was seen |',
    '| ------ | -------------- | ------- | --- | --- |',
    '| 2      | power-cut-node | skipped |     | needs root |',
    '| 26, 31 | x              | failed  | 1.3 | a / b c |',
    '',
    '0 ok, 1 failed, 1 skipped',
  ]);
});
