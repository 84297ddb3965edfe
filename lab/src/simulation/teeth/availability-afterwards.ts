import Database from 'better-sqlite3';
import { over } from '../over.ts';
import type { Tooth } from '../tooth.ts';

type Row = { readonly sku: string; readonly channel: string; readonly unspent: number };

/** So long the answers say what was before. */
const LATE_MS = 50;

export const availabilityAfterwards: Tooth = {
  name: 'availability-afterwards',
  breaks: 'what a promise takes is taken from the answers to shops in a transaction of its own, a moment later',
  showsIn: 'the next shop, which is offered what the one before has just been promised',
  seedsMax: 30,
  plant: () => ({
    centralStore: (store, { file, clock }) =>
      over(store, {
        promise: async (commands, now) => {
          const before = answersIn(file);
          const applied = await store.promise(commands, now);
          const after = answersIn(file);
          write(file, before);
          clock.after(LATE_MS, () => write(file, after));
          return applied;
        },
      }),
  }),
};

function answersIn(file: string): readonly Row[] {
  const database = new Database(file, { readonly: true });
  const rows = database.prepare<[], Row>('SELECT sku, channel, unspent FROM availability').all();
  database.close();
  return rows;
}

function write(file: string, rows: readonly Row[]): void {
  const database = new Database(file);
  const set = database.prepare('UPDATE availability SET unspent = ? WHERE sku = ? AND channel = ?');
  database.transaction(() => {
    for (const { sku, channel, unspent } of rows) set.run(unspent, sku, channel);
  })();
  database.close();
}
