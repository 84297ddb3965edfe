import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where there is a disk in memory it is used: thousands of commits are awaited, and nobody pulls a plug here. */
const MEMORY_DISK = '/dev/shm';

/** What belongs to books, and not to the process that had them open: no lock, and no index of a write-ahead log. */
const ofBooks = ['.db', '.sqlite', '-wal', 'hwm', 'rejoin.json'];

/** The disks of one run: a folder for each process, and what is left of it after a crash. */
export class Disk {
  readonly #root = mkdtempSync(join(existsSync(MEMORY_DISK) ? MEMORY_DISK : tmpdir(), 'edgestock-simulation-'));
  #folders = 0;

  /** The folder of a new process with its database file. */
  folder(name: string, file: string, image: Uint8Array): string {
    const path = this.emptyFolder(name);
    writeFileSync(join(path, file), image);
    return path;
  }

  emptyFolder(name: string): string {
    this.#folders += 1;
    const path = join(this.#root, `${name}-${this.#folders}`);
    mkdirSync(path);
    return path;
  }

  /**
   * What the next life of a crashed process finds: every commit, and nothing of what was in its memory. A copy, since the dead
   * process still has its files open here; the lock and the index of the write-ahead log belong to it.
   */
  afterCrash(name: string, folder: string): string {
    const next = this.emptyFolder(name);
    copyBooks(folder, next);
    return next;
  }

  dispose(): void {
    rmSync(this.#root, { recursive: true, force: true });
  }
}

/** Those in a folder below too, which a rejoin builds beside the ones in use. */
function copyBooks(from: string, to: string): void {
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, copy] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) {
      mkdirSync(copy);
      copyBooks(source, copy);
    } else if (ofBooks.some((end) => entry.name.endsWith(end))) copyFileSync(source, copy);
  }
}
