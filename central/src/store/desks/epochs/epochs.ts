import { nextCentralEpoch } from '../../../rules/central-epoch.ts';
import type { EpochBeginning, EpochBegun } from '../../central-store.ts';
import type { ChannelReader } from '../../tables/channel-table.ts';
import type { EpochTable } from '../../tables/epoch-table.ts';
import type { NodeReader } from '../../tables/node-table.ts';
import type { Tables } from '../../tables/tables.ts';
import { Catalogue } from '../catalogue/catalogue.ts';
import { Policies } from '../catalogue/policies.ts';
import type { Promising } from '../orders/promising.ts';
import { LateFactDesk } from '../positions/late-facts.ts';

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
  readonly #epochs: EpochTable;

  constructor(tables: Tables, promising: Promising) {
    this.#promising = promising;
    this.#nodes = tables.nodes;
    this.#channels = tables.channels;
    this.#policies = new Policies(tables, promising);
    this.#catalogue = new Catalogue(tables, promising.downLog);
    this.#lateFacts = new LateFactDesk(tables);
    this.#epochs = tables.epochs;
  }

  async begin({ heard, reason, after }: EpochBeginning, now: number): Promise<EpochBegun> {
    const { unsettled, availability, transfers } = this.#promising;
    const current = await this.#epochs.current();
    if (after !== undefined && after !== current) return { centralEpoch: current, isBegun: false };
    const epoch = nextCentralEpoch({ current, heard, now });
    await this.#epochs.begin(epoch, now, reason);
    const lateFacts = await this.#lateFacts.unheard();
    await this.#epochs.forgetDown();
    await unsettled.addAll();
    for (const { channel } of await this.#channels.all()) await availability.rebuild(channel);
    const warehouses = (await this.#nodes.all()).map(({ warehouse }) => warehouse);
    for (const warehouse of warehouses) await this.#policies.tellAgain(warehouse);
    await this.#catalogue.tellAgain(warehouses);
    for (const warehouse of warehouses) await transfers.tellAgain(warehouse, now);
    await this.#lateFacts.tellAgain(lateFacts);
    return { centralEpoch: epoch, isBegun: true };
  }
}
