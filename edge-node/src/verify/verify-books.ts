import type { LedgerAudit } from '../store/ledger-audit.ts';
import { auditDocuments } from './audit-documents.ts';
import { auditPosition } from './audit-position.ts';
import { auditReferences } from './audit-references.ts';
import { auditSetAsides } from './audit-set-asides.ts';
import { ChainWalk } from './chain-walk.ts';
import { type Difference, Differences } from './difference.ts';

export type VerifyProgress = { readonly phase: 'log' | 'positions'; readonly done: number; readonly of: number };

export type Verification = {
  readonly warehouse: string | undefined;
  /** The log that was walked: after the checkpoint, up to the head. */
  readonly checkpointSequence: number;
  readonly sequence: number;
  readonly hash: string;
  readonly movements: number;
  readonly skus: number;
  readonly differences: readonly Difference[];
  readonly differenceCount: number;
  /** What is not finished, an import above all: worth knowing, and no difference. */
  readonly warnings: readonly Difference[];
};

/**
 * Proves a node's books: the file whole, the chain unbroken, every position and balance what the movements make it, every
 * unit set aside held by a document, and everything that names a movement naming one that is there. Finds everything it can instead of stopping at the first.
 */
export async function verifyBooks(
  audit: LedgerAudit,
  options: { readonly onProgress: (progress: VerifyProgress) => void; readonly pause: () => Promise<void> },
): Promise<Verification> {
  const differences = new Differences();
  for (const fault of audit.fileFaults()) {
    differences.add({ table: 'file', message: `SQLite finds the file damaged: ${fault}` });
  }
  const node = audit.node();
  if (node === undefined) {
    differences.add({ table: 'node', message: 'the row that says whose log this is and where it ends is missing' });
    return {
      warehouse: undefined,
      checkpointSequence: 0,
      sequence: 0,
      hash: '',
      movements: 0,
      skus: 0,
      ...told(differences),
    };
  }
  const of = node.sequence - node.checkpointSequence;
  const chain = new ChainWalk({ sequence: node.checkpointSequence, hash: node.checkpointHash }, differences);
  let movements = 0;
  for (const page of audit.movements()) {
    for (const row of page) chain.take(row);
    movements += page.length;
    options.onProgress({ phase: 'log', done: movements, of });
    await options.pause();
  }
  chain.end({ sequence: node.sequence, hash: node.hash });

  let skus = 0;
  let rebuilt = 0;
  for (const page of audit.skus()) {
    for (const sku of page) {
      const shelf = {
        sku,
        isItem: audit.isItem(sku),
        position: audit.position(sku),
        balances: audit.balances(sku),
        checkpointBalances: audit.checkpointBalances(sku),
        movements: audit.movementsOf(sku),
      };
      rebuilt += auditPosition(shelf, node.checkpointSequence, differences);
      auditSetAsides({ sku, position: shelf.position, held: audit.documents.setAsides(sku) }, differences);
    }
    skus += page.length;
    options.onProgress({ phase: 'positions', done: rebuilt, of });
    await options.pause();
  }
  const missing = audit.waypointsMissing();
  if (missing !== 0) {
    const message = `the index of every 61st movement by SKU lacks ${missing}: it is damaged (REINDEX movement_waypoint)`;
    differences.add({ table: 'movement', message });
  }
  auditReferences(audit, node, differences);
  auditDocuments(audit, differences);
  const { warehouse, checkpointSequence, sequence, hash } = node;
  return { warehouse, checkpointSequence, sequence, hash: hash.toString('hex'), movements, skus, ...told(differences) };
}

function told(differences: Differences): Pick<Verification, 'differences' | 'differenceCount' | 'warnings'> {
  return { differences: differences.listed, differenceCount: differences.count, warnings: differences.warnings };
}
