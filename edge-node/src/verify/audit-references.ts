import { unreachable } from '@edgestock/shared/runtime/assert';
import type { ImportState } from '../store/import-store.ts';
import type { AuditedImport, AuditedNode, LedgerAudit } from '../store/ledger-audit.ts';
import type { Differences } from './difference.ts';

/** Holds everything that names a place in the log, or an item, against the log and the items there are. */
export function auditReferences(audit: LedgerAudit, node: AuditedNode, differences: Differences): void {
  auditNode(audit, node, differences);
  auditKeys(audit, node, differences);
  auditExceptions(audit, node, differences);
  auditCatalogue(audit, differences);
  auditImports(audit, differences);
}

function auditNode(audit: LedgerAudit, node: AuditedNode, differences: Differences): void {
  const { appliedUpTo, checkpointSequence, sequence } = node;
  if (appliedUpTo < checkpointSequence || appliedUpTo > sequence) {
    const message = `central is said to have applied up to ${appliedUpTo}; the log reaches from ${checkpointSequence} to ${sequence}`;
    differences.add({ table: 'node', message });
  }
  const epochs = audit.epochs();
  if (epochs.length === 0) differences.add({ table: 'epoch', message: 'the log has no epoch' });
  for (const [index, { epoch, firstSequence }] of epochs.entries()) {
    const before = epochs[index - 1]?.firstSequence;
    if (
      firstSequence < 1 ||
      firstSequence > sequence + 1 ||
      (before === undefined ? firstSequence !== 1 : firstSequence < before)
    ) {
      const message = `epoch ${epoch} begins at ${firstSequence}, which is not a place where it can`;
      differences.add({ table: 'epoch', sequence: firstSequence, message });
    }
  }
}

function auditKeys(audit: LedgerAudit, node: AuditedNode, differences: Differences): void {
  let lastSequence = node.checkpointSequence;
  for (const page of audit.keys()) {
    for (const { firstSequence, movementCount, scope, key, exceptions } of page) {
      const fault = (message: string) =>
        differences.add({
          table: 'idempotency',
          sequence: firstSequence,
          message: `${scope} ${JSON.stringify(key)} ${message}`,
        });
      const last = firstSequence + movementCount - 1;
      if (movementCount < 1) fault(`names ${movementCount} movements: a retry could not be answered`);
      else if (last > node.sequence) fault(`names movements up to ${last}; the log ends at ${node.sequence}`);
      else if (firstSequence <= lastSequence) fault('names movements that were trimmed, or that belong to another key');
      if (exceptions !== null && !areExceptionsWithin(exceptions, firstSequence, last)) {
        fault('names exceptions that its movements did not open');
      }
      lastSequence = Math.max(lastSequence, last);
    }
  }
}

function areExceptionsWithin(json: string, first: number, last: number): boolean {
  try {
    const opened: unknown = JSON.parse(json);
    return (
      Array.isArray(opened) &&
      opened.every(({ sequence }: { sequence: number }) => sequence >= first && sequence <= last)
    );
  } catch {
    return false;
  }
}

function auditExceptions(audit: LedgerAudit, node: AuditedNode, differences: Differences): void {
  for (const page of audit.exceptions()) {
    for (const { id, kind, sku, sequence, resolvedBy } of page) {
      // Names a place in central's log, not in this one.
      if (kind === 'directive-refused') continue;
      for (const named of resolvedBy === null ? [sequence] : [sequence, resolvedBy]) {
        if (named >= 1 && named <= node.checkpointSequence) continue;
        const owner = audit.skuOfMovement(named);
        if (owner === sku) continue;
        const what = owner === undefined ? 'which is not there' : `which is of ${JSON.stringify(owner)}`;
        differences.add({
          table: 'exception',
          sku,
          sequence: named,
          message: `${kind} (id ${id}) names movement ${named}, ${what}`,
        });
      }
      if (resolvedBy !== null && resolvedBy < sequence) {
        differences.add({
          table: 'exception',
          sku,
          sequence,
          message: `${kind} (id ${id}) was resolved before it was opened`,
        });
      }
    }
  }
}

function auditCatalogue(audit: LedgerAudit, differences: Differences): void {
  for (const page of audit.barcodes()) {
    for (const { barcode, sku, multiple, isItem } of page) {
      if (isItem === 0)
        differences.add({ table: 'barcode', sku, message: `${barcode} belongs to a SKU that is no item` });
      if (multiple < 1) differences.add({ table: 'barcode', sku, message: `${barcode} means ${multiple} units` });
    }
  }
  for (const { sku, lot, expiry, isItem } of audit.faultyLots()) {
    const message =
      isItem === 0
        ? `lot ${lot} belongs to a SKU that is no item`
        : `lot ${lot} expires on ${expiry}, which is no date`;
    differences.add({ table: 'lot', sku, message });
  }
}

/** An import on its way is no fault of the books, however odd; only its rows and its counts have to agree. */
function auditImports(audit: LedgerAudit, differences: Differences): void {
  for (const job of audit.imports()) {
    const { id, state, rowCount, stagedCount, appliedCount, waiting } = job;
    const isPossible = appliedCount === expectedApplied(job) && waiting === stagedCount - appliedCount;
    const message = `import ${id} (${state}) has ${waiting} rows waiting; ${stagedCount} of ${rowCount} were staged and ${appliedCount} applied`;
    if (!isPossible) differences.add({ table: 'import_job', message });
    else if (state !== 'done') differences.warn({ table: 'import_job', message: `${message}: ${comesOf[state]}` });
  }
  for (const { job, rows } of audit.orphanRows()) {
    differences.add({ table: 'import_row', message: `${rows} rows of import ${job}, which is not there` });
  }
}

function expectedApplied({ state, rowCount, appliedCount }: AuditedImport): number {
  switch (state) {
    case 'staging':
      return 0;
    case 'done':
      return rowCount;
    // Of a failed import some rows were applied, also while the others are being taken back.
    case 'dropping':
    case 'applying':
    case 'failed':
      return Math.min(appliedCount, rowCount);
    default:
      return unreachable(state);
  }
}

const comesOf: Readonly<Record<Exclude<ImportState, 'done'>, string>> = {
  staging: 'the node drops it at its next start, nothing of it was applied',
  dropping: 'the node goes on taking it back at its next start',
  applying: 'the node goes on applying it at its next start',
  failed: 'it is not gone on with; DELETE takes back the rows that wait',
};
