import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** Real data kept beside a checkout, never in it: `../shared/data`. */
const folder = new URL('../../../../shared/data/', import.meta.url);

export type SampleData = {
  readonly isPresent: boolean;
  /** For the name of a skipped suite, so that the report says what was left out and why; empty when present. */
  readonly skipReason: string;
  /** The whole file; `.gz` is unpacked. */
  readonly text: () => string;
};

/** One sample file, for example `contract-gs1/vectors_a.jsonl`. */
export function openSampleData(name: string): SampleData {
  const file = new URL(name, folder);
  const isPresent = existsSync(file);
  return {
    isPresent,
    skipReason: isPresent ? '' : ` (left out: ../shared/data/${name} is not beside this checkout)`,
    text: () => (name.endsWith('.gz') ? gunzipSync(readFileSync(file)) : readFileSync(file)).toString('utf8'),
  };
}
