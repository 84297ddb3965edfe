import { unreachable } from '@edgestock/shared/runtime/assert';
import type { BadBarcodePolicy } from '../import/catalogue-rows.ts';
import type { ImportResult } from '../import/run-import.ts';
import type { ImportKind } from '../store/import-store.ts';

type ToldImport = Omit<ImportResult, 'id'> & {
  readonly kind: ImportKind;
  readonly file: string;
  readonly warehouse: string | undefined;
  readonly seconds: number;
  readonly badBarcodePolicy: BadBarcodePolicy;
};

/** The result of an import for a person: what is wrong by line, or what was done and what to look at. */
export function importSummary(told: ToldImport): string {
  const problems = told.problems.map(({ line, message }) => `${told.file}:${line}: ${message}`);
  const omitted = told.problemCount - told.problems.length;
  return [...problems, ...(omitted > 0 ? [`… and ${count(omitted)} more`] : []), headline(told), ...notes(told)].join(
    '\n',
  );
}

function headline({ outcome, kind, file, warehouse, rows, problemCount, seconds }: ToldImport): string {
  switch (outcome) {
    case 'imported':
      return `Imported ${count(rows)} rows of ${kind} into ${warehouse} in ${seconds.toFixed(1)} s.`;
    case 'unchanged':
      return `Nothing to do: ${file} was imported into ${warehouse} before. Import it once more with --again.`;
    case 'checked':
      return `${count(rows)} rows of ${kind} are in order; nothing was imported (dry run).`;
    case 'refused':
      return `Nothing was imported: ${count(problemCount)} ${problemCount === 1 ? 'problem' : 'problems'}${rows === 0 ? '' : ` in ${count(rows)} ${rows === 1 ? 'row' : 'rows'}`}.`;
    default:
      return unreachable(outcome);
  }
}

function notes({ outcome, zerosRestored, badBarcodes, badBarcodePolicy, unlisted }: ToldImport): readonly string[] {
  const notes: string[] = [];
  if (zerosRestored > 0)
    notes.push(`${count(zerosRestored)} barcodes had lost leading zeros; the check digits agree with them put back.`);
  if (badBarcodes > 0 && outcome !== 'refused') {
    const became = badBarcodePolicy === 'keep' ? 'kept as your own codes' : 'left out';
    notes.push(`Barcodes with a wrong check digit, ${became}: ${count(badBarcodes)}.`);
  }
  if (unlisted > 0) {
    notes.push(
      `Warning: ${count(unlisted)} SKUs are in no catalogue. Their stock is recorded; each opened an exception. Import the catalogue first next time.`,
    );
  }
  return notes;
}

function count(value: number): string {
  return value.toLocaleString('en');
}
