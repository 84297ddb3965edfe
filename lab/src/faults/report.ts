import type { CaseResult } from './run-cases.ts';

const HEADINGS = ['Row', 'Case', 'Result', 's', 'What was seen'] as const;

/** The results as a table in Markdown, which a terminal can be read by too. */
export function asTable(results: readonly CaseResult[]): string {
  const rows = results.map(({ rows, name, result, seconds, told }) => [
    rows.join(', '),
    name,
    result,
    result === 'skipped' ? '' : seconds.toFixed(1),
    told.replaceAll('|', '/').replaceAll('\n', ' '),
  ]);
  const widths = HEADINGS.map((heading, column) =>
    column === HEADINGS.length - 1 ? 0 : Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(Math.max(width, 3))).join(' | ')} |`;
  return [line(HEADINGS), rule, ...rows.map(line), '', sum(results)].join('\n');
}

function sum(results: readonly CaseResult[]): string {
  const count = (wanted: CaseResult['result']) => results.filter(({ result }) => result === wanted).length;
  return `${count('ok')} ok, ${count('failed')} failed, ${count('skipped')} skipped`;
}
