import type { RefusedLine } from './refused-lines.ts';
import type { ReplayResult } from './replay.ts';

/** What became of a file, for people. */
export function proseOf(result: ReplayResult): string {
  const { transactions, lines, seconds, accepted, leftOut, refused } = result;
  return [
    `${transactions} receipts, ${lines} lines in ${seconds} s: ` +
      `${accepted} accepted, ${leftOut} left out, ${refused - leftOut} refused`,
    ...Object.entries(result.refusedByReason).map(([reason, count]) => `  ${reason}: ${count}`),
    ...refusedLines(result),
    ...notesOf(result),
  ].join('\n');
}

function refusedLines({ refusedLines: shown, refusedMore }: ReplayResult): readonly string[] {
  if (shown.length === 0) return [];
  return [
    'Refused:',
    ...shown.map((refused) => `  ${placeOf(refused)}: ${refused.why}`),
    ...(refusedMore > 0 ? [`  and ${refusedMore} more`] : []),
    'Put these right and replay the file again: what was recorded stays as it is.',
  ];
}

function placeOf({ line, receipt, warehouse }: RefusedLine): string {
  if (receipt === '') return `line ${line}`;
  return `line ${line}, receipt ${receipt}${warehouse === undefined ? '' : ` of ${warehouse}`}`;
}

function notesOf(result: ReplayResult): readonly string[] {
  return [
    ...(result.repeated > 0 ? [`${result.repeated} lines had been recorded before`] : []),
    ...(result.exceptions > 0 ? [`${result.exceptions} exceptions wait at the nodes (GET /v1/exceptions)`] : []),
    ...(result.timesNaive > 0
      ? [`${result.timesNaive} times have no zone and were left out: name it with --zone`]
      : []),
    ...(result.timesUnreadable > 0 ? [`${result.timesUnreadable} times could not be read and were left out`] : []),
    ...(result.skuCaseVariants > 0
      ? [`${result.skuCaseVariants} groups of SKUs differ only in case: they stay apart`]
      : []),
  ];
}
