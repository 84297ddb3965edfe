import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import { emptyPosition, type Position } from '@edgestock/shared/inventory/position';
import type { Clock } from '@edgestock/shared/runtime/clock';
import { NodeAudit } from './node-audit.ts';
import type { HighWaterOf, NodeImage, SimulatedNode, TakenBack } from './simulated-node.ts';
import { checkTakeUp } from './take-up-audit.ts';
import { hold } from './violation.ts';

/** An earlier state of a disk, and the log that it is a part of. */
export type AuditedImage = { readonly image: NodeImage; readonly of: NodeAudit };
/** A copy of a node that runs beside it. */
export type Clone = { readonly node: SimulatedNode; readonly audit: NodeAudit };

/**
 * A warehouse over all that happens to its disk: the node that people work with, the log of its books, and the logs of books that
 * are gone, or run on somewhere. Central follows one of them at any moment, and after a rejoin this one.
 */
export class AuditedNode {
  readonly #onFailed: (error: unknown) => void;
  readonly #others: NodeAudit[] = [];
  #node: SimulatedNode;
  #audit: NodeAudit;
  #isSure = true;

  constructor(node: SimulatedNode, clock: Clock, onFailed: (error: unknown) => void) {
    this.#onFailed = onFailed;
    this.#node = node;
    this.#audit = new NodeAudit(node, clock);
    this.#watch(node);
  }

  get node(): SimulatedNode {
    return this.#node;
  }

  get audit(): NodeAudit {
    return this.#audit;
  }

  get warehouse(): WarehouseId {
    return this.#node.warehouse;
  }

  /** Nothing has happened to the disk since the node rejoined, or ever: its log is the one that central follows. */
  get isSure(): boolean {
    return this.#isSure;
  }

  /** Those of books that are gone, or run on somewhere. */
  get others(): readonly NodeAudit[] {
    return this.#others;
  }

  check(): void {
    for (const audit of this.#others) audit.check();
    this.#audit.check();
  }

  image(kind: NodeImage['kind']): AuditedImage {
    return { image: this.#node.image(kind), of: this.#audit };
  }

  putBack({ image, of }: AuditedImage, highWater: HighWaterOf): void {
    this.#changeDisk(() => this.#node.putBack(image, highWater));
    this.#audit = of.fork(this.#node, image.sequence);
  }

  loseDisk(): void {
    this.#changeDisk(() => this.#node.loseDisk());
    this.#audit = this.#audit.fork(this.#node, 0);
  }

  /** Somebody lets a rejoin begin: until it has ended, central may follow books that are about to be replaced. */
  rejoins(): void {
    this.#isSure = false;
  }

  /** Somebody starts a copy of the disk as it is now, on another machine. */
  clone(start: (folder: string) => SimulatedNode, options: { readonly hasHighWater: boolean }): Clone {
    this.#audit.check();
    this.#isSure = false;
    const node = start(this.#node.copyOfDisk(options));
    const audit = this.#audit.fork(node, this.#audit.sequence);
    this.#others.push(audit);
    return { node, audit };
  }

  /** From now on people work with the clone. What they worked with before runs on. */
  moveTo({ node, audit }: Clone): SimulatedNode {
    const before = this.#node;
    this.#isSure = false;
    this.#others.splice(this.#others.indexOf(audit), 1, this.#audit);
    this.#node = node;
    this.#audit = audit;
    this.#watch(node);
    return before;
  }

  /** A total as the log says that central is to follow; the highest one anywhere as long as that is not decided. */
  granted(sku: Sku): number {
    return this.#isSure ? this.#audit.position(sku).granted : this.highest(sku).granted;
  }

  /** The totals of all of them: what central has heard of any is no more. */
  highest(sku: Sku): Pick<Position, 'granted' | 'allocated' | 'returned'> {
    let highest = emptyPosition;
    for (const audit of [this.#audit, ...this.#others]) {
      const { granted, allocated, returned } = audit.position(sku);
      highest = {
        ...highest,
        granted: Math.max(granted, highest.granted),
        allocated: Math.max(allocated, highest.allocated),
        returned: Math.max(returned, highest.returned),
      };
    }
    return highest;
  }

  /** A log that says the same up to a place. */
  logWith(sequence: number, hash: Uint8Array): NodeAudit | undefined {
    const isSame = (audit: NodeAudit) => {
      const there = audit.hashAt(sequence);
      return there !== undefined && Buffer.compare(there, hash) === 0;
    };
    return [this.#audit, ...this.#others].find(isSame);
  }

  #changeDisk(change: () => void): void {
    this.#audit.check();
    this.#audit.end();
    this.#others.push(this.#audit);
    this.#isSure = false;
    change();
  }

  #watch(node: SimulatedNode): void {
    const watched = (look: () => void) => () => {
      try {
        if (node === this.#node) look();
      } catch (error) {
        this.#onFailed(error);
      }
    };
    node.watchTakeUp({
      before: watched(() => this.#audit.check()),
      after: (taken) => watched(() => this.#takenBack(taken))(),
    });
  }

  #takenBack(taken: TakenBack): void {
    const { outbox } = this.#node.store;
    const hash = outbox.hashAt(taken.applied);
    const base = hash && this.logWith(taken.applied, hash);
    hold(base !== undefined, () => `${this.warehouse}: what central gave back up to ${taken.applied} is no log of it`);
    if (base === undefined) return;
    const former = this.#audit;
    former.end();
    this.#others.push(former);
    this.#audit = base.fork(this.#node, taken.applied);
    this.#audit.checkTold();
    checkTakeUp({ taken, former, audit: this.#audit, node: this.#node, lives: this.#others });
    this.#isSure = true;
  }
}
