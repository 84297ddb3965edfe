import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SCHEMA_MAX, SCHEMA_MIN } from '@edgestock/shared/protocol/version';
import { must } from '@edgestock/shared/runtime/assert';
import type { ChangeNotice } from '../store/central-store.ts';
import { openCentralReader, openCentralStore } from '../store/sqlite/open-central-store.ts';
import { NodeLog } from './node-log.ts';

/** A real store in a folder of its own, fed through its port, and read through a second connection. */
export class FedStore {
  readonly directory = mkdtempSync(join(tmpdir(), 'edgestock-central-'));
  readonly path = join(this.directory, 'central.db');
  readonly store = openCentralStore(this.path);
  readonly opened = openCentralReader(this.path);
  readonly #logs = new Map<string, NodeLog>();

  get reader() {
    return this.opened.reader;
  }

  /** Records movements at a warehouse, which is enrolled at its first; returns what changed. */
  async move(
    warehouse: string,
    lines: readonly { readonly sku: string; readonly quantity: number }[],
    now: number,
  ): Promise<readonly ChangeNotice[]> {
    const log = this.#logs.get(warehouse) ?? new NodeLog(warehouse);
    if (log.head === 0) await this.store.enrol(log.warehouse, log.enrolRequest(), now);
    this.#logs.set(warehouse, log);
    const first = log.head + 1;
    for (const { sku, quantity } of lines) log.record(sku, quantity);
    const { outcomes, changes } = await this.store.applyBatches([log.verified(first, log.head)], now);
    if (outcomes[0]?.outcome !== 'applied') throw new Error(`the batch was not applied: ${JSON.stringify(outcomes)}`);
    return changes;
  }

  /** A heartbeat of the warehouse: it has committed and sent what it has. */
  async hear(warehouse: string, now: number): Promise<void> {
    const log = must(this.#logs.get(warehouse), `${warehouse} has no node`);
    const spoken = { committed: log.head, sent: log.head, skewMs: 0, schemaMin: SCHEMA_MIN, schemaMax: SCHEMA_MAX };
    await this.store.recordHeard([{ warehouse: log.warehouse, at: now, ...spoken }]);
  }

  async close(): Promise<void> {
    this.opened.close();
    await this.store.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
