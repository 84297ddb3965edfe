import { must } from '@edgestock/shared/runtime/assert';
import type { Database, Statement } from 'better-sqlite3';
import { nextCentralEpoch } from '../../../rules/central-epoch.ts';
import type { EpochBeginning } from '../../central-store.ts';
import { Catalogue } from '../catalogue/catalogue.ts';
import { ChannelReader } from '../catalogue/channel-table.ts';
import { Policies } from '../catalogue/policies.ts';
import type { Promising } from '../orders/promising.ts';
import { LateFactDesk } from '../positions/late-facts.ts';
import { NodeReader } from '../positions/node-table.ts';

/**
 * Begins central's next epoch: it has been put back to an earlier state, and has forgotten what it told its nodes since. Its logs
 * down begin anew, with all that nodes must know whatever happened; nothing is promised of any warehouse until its own node
 * has said where it stands and central has caught up (`Settling`). All of it is one transaction of the caller.
 */
export class Epochs {
  readonly #promising: Promising;
  readonly #nodes: NodeReader;
  readonly #channels: ChannelReader;
  readonly #policies: Policies;
  readonly #catalogue: Catalogue;
  readonly #lateFacts: LateFactDesk;
  readonly #current: Statement<[], { epoch: number }>;
  readonly #begin: Statement<[number, number, string]>;
  readonly #forget: readonly Statement<[]>[];

  constructor(database: Database, promising: Promising) {
    this.#promising = promising;
    this.#nodes = new NodeReader(database);
    this.#channels = new ChannelReader(database);
    this.#policies = new Policies(database, promising);
    this.#catalogue = new Catalogue(database, promising.downLog);
    this.#lateFacts = new LateFactDesk(database, promising.downLog);
    this.#current = database.prepare('SELECT central_epoch AS epoch FROM meta WHERE id = 1');
    // Another life: revisions that went out since the backup were of other answers.
    this.#begin = database.prepare(`
      UPDATE meta SET central_epoch = ?, epoch_began_at = ?, epoch_reason = ?, life = lower(hex(randomblob(8))),
        backed_up_at = NULL
      WHERE id = 1`);
    this.#forget = [
      'DELETE FROM directive',
      'DELETE FROM directive_body',
      'DELETE FROM down_trim',
      'DELETE FROM down_mark',
      'UPDATE node SET down_sequence = 0, down_hash = zeroblob(32), down_carried_out = 0, down_covered = 0',
      // A rejoin that is asked for again begins with the new log, too.
      'UPDATE node_life SET down_sequence = 0, down_hash = zeroblob(32)',
    ].map((sql) => database.prepare(sql));
  }

  /** Returns its number. */
  begin({ heard, reason }: EpochBeginning, now: number): number {
    const { unsettled, availability, transfers } = this.#promising;
    const { epoch: current } = must(this.#current.get(), 'the row is made with the store');
    const epoch = nextCentralEpoch({ current, heard, now });
    this.#begin.run(epoch, now, reason);
    const lateFacts = this.#lateFacts.unheard();
    for (const statement of this.#forget) statement.run();
    unsettled.addAll();
    for (const { channel } of this.#channels.all()) availability.rebuild(channel);
    const warehouses = this.#nodes.all().map(({ warehouse }) => warehouse);
    for (const warehouse of warehouses) this.#policies.tellAgain(warehouse);
    this.#catalogue.tellAgain(warehouses);
    for (const warehouse of warehouses) transfers.tellAgain(warehouse, now);
    this.#lateFacts.tellAgain(lateFacts);
    return epoch;
  }
}
