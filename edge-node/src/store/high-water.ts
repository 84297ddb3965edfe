import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { LogIdentity } from '@edgestock/shared/protocol/message';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { LogHead } from './node-store.ts';

/** How far the log of a data directory had got, as the file beside the database says; it may be a moment behind. */
export type Mark = {
  readonly instance: string;
  readonly epoch: number;
  readonly sequence: number;
  /** Beginning of the chain hash there, hex. */
  readonly hash: string;
};

export const HIGH_WATER_FILE = 'hwm';
const HASH_DIGITS = 16;
/** The file is written in place and never grows: also a full disk takes it. */
const LENGTH = 160;
/**
 * A commit is in the file unless one before it was written less than this long ago; then it comes with the next commit, or with the
 * minute's look at the log's age. A commit costs a look at the clock, the one that writes 10 µs.
 */
const WRITE_PERIOD_MS = 1_000;

/**
 * The highest place of the log that was ever durable here, in a file outside of the database and of its backups. It is
 * written after the commit and not flushed: in a power cut it may be behind the database, or unreadable, and then proves
 * nothing. A database that is behind it was rolled back, beyond doubt: what it lacks had been committed.
 */
export class HighWater {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #identity: () => LogIdentity;
  #written: number | undefined;
  #writtenAtMs = Number.NEGATIVE_INFINITY;
  #head: LogHead;

  constructor(options: { dataDir: string; clock: Clock; identity: () => LogIdentity; head: LogHead }) {
    this.#path = join(options.dataDir, HIGH_WATER_FILE);
    this.#clock = options.clock;
    this.#identity = options.identity;
    this.#head = options.head;
  }

  /** `undefined` where there is no file; `'unreadable'` where a power cut has torn it. */
  static read(dataDir: string): Mark | 'unreadable' | undefined {
    let text: string;
    try {
      text = readFileSync(join(dataDir, HIGH_WATER_FILE), 'latin1');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      return 'unreadable';
    }
    return markOf(text);
  }

  /** The log's head is durable there. */
  note(head: LogHead): void {
    this.#head = head;
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#writtenAtMs < WRITE_PERIOD_MS) return;
    this.#writtenAtMs = nowMs;
    this.flush();
  }

  /** Writes what is only in memory. A disk that does not take it leaves the file as it was, which proves less. */
  flush(): boolean {
    if (this.#written === this.#head.sequence) return true;
    const { instance, epoch } = this.#identity();
    const { sequence, hash } = this.#head;
    try {
      const file = openSync(this.#path, constants.O_WRONLY | constants.O_CREAT, 0o644);
      try {
        writeSync(file, textOf({ instance, epoch, sequence, hash: prefixOf(hash) }), 0, 'latin1');
      } finally {
        closeSync(file);
      }
    } catch (error) {
      if (error instanceof Error && 'code' in error) return false;
      throw error;
    }
    this.#written = sequence;
    return true;
  }
}

export function prefixOf(hash: Uint8Array): string {
  return Buffer.from(hash).toString('hex').slice(0, HASH_DIGITS);
}

/** One line that a person can read, its checksum at the end. */
function textOf({ instance, epoch, sequence, hash }: Mark): string {
  const said = `edgestock log ${instance} epoch ${epoch} sequence ${sequence} hash ${hash}`;
  return `${`${said} crc ${crc32(said)}`.padEnd(LENGTH - 1)}\n`;
}

function markOf(text: string): Mark | 'unreadable' {
  const match = /^(edgestock log (\S+) epoch (\d+) sequence (\d+) hash ([0-9a-f]{16})) crc (\d+) *\n$/.exec(text);
  const [, said, instance, epoch, sequence, hash, crc] = match ?? [];
  if (said === undefined || instance === undefined || hash === undefined) return 'unreadable';
  if (crc32(said) !== Number(crc)) return 'unreadable';
  return { instance, epoch: Number(epoch), sequence: Number(sequence), hash };
}
