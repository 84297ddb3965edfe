import { migrate } from '@edgestock/shared/sqlite/migrate';
import { openDatabase } from '@edgestock/shared/sqlite/open-database';
import { SqliteCentralStore } from '../store/sqlite/central-store.ts';
import { migrations } from '../store/sqlite/migrations.ts';

/** A store that can be made full, and given room again: to SQLite its bound of pages is what the end of a disk is. */
export class BoundedStore extends SqliteCentralStore {
  static open(path: string): BoundedStore {
    const database = openDatabase(path, { cacheKiB: 1_024 });
    migrate(database, migrations);
    return new BoundedStore(database);
  }

  fill(): void {
    this.database.pragma('max_page_count = 1');
  }

  makeRoom(): void {
    this.database.pragma('max_page_count = 1000000');
  }
}
