import { isDamage } from '@edgestock/shared/sqlite/database-check';
import { StoreDamaged } from '../store-damaged.ts';
import { SqliteCentralReader } from './central-reader.ts';
import { SqlitePromiseReader } from './promise-reader.ts';

/**
 * Has a reader tell damage in the words of the port, with each read that meets some; `onDamage` is told of it as well. What else the
 * file has is read as before.
 */
export function readInWords(reader: SqliteCentralReader, onDamage: (reason: string) => void): void {
  const inWords = (error: unknown): never => {
    if (!isDamage(error)) throw error;
    onDamage(error.message);
    throw new StoreDamaged(`the store is damaged: ${error.message}`, { cause: error });
  };
  for (const reads of [SqlitePromiseReader.prototype, SqliteCentralReader.prototype]) {
    for (const [name, { value: read }] of Object.entries(Object.getOwnPropertyDescriptors(reads))) {
      if (name === 'constructor' || typeof read !== 'function') continue;
      const value = (...asked: readonly unknown[]) =>
        (Reflect.apply(read, reader, asked) as Promise<unknown>).catch(inWords);
      Object.defineProperty(reader, name, { value, configurable: true, writable: true });
    }
  }
}
