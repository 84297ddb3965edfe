import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';

/** A check before anything is served reads so much within a second. */
export const CHECKED_FIRST_BYTES_MAX = 256 * 2 ** 20;

/**
 * When a database is checked at a start: before anything is served, which takes 3 s of a file of a gigabyte, or beside the
 * service. A large file is served at once, unless its last whole check found damage: that outlives the process in a file of its
 * own beside the database, so that a restart refuses what it found (docs/decisions/0018-large-stores-are-checked-beside.md).
 */
export class StartCheck {
  /** The file was there, and is checked beside the service. */
  readonly isBeside: boolean;
  readonly #notePath: string;

  constructor(path: string, { checkedFirstBytesMax = CHECKED_FIRST_BYTES_MAX } = {}) {
    this.#notePath = `${path}.damaged`;
    const bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    this.isBeside = bytes > checkedFirstBytesMax && !existsSync(this.#notePath);
  }

  /** Keeps in mind what a whole check found. Throws what the file system says to it. */
  note(findings: readonly string[]): void {
    if (findings.length > 0) writeFileSync(this.#notePath, `${findings.join('\n')}\n`);
    else rmSync(this.#notePath, { force: true });
  }
}
