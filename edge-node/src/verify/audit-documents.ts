import { HASH_BYTES } from '@edgestock/shared/protocol/chain';
import type { DocumentAudit } from '../store/document-audit.ts';
import type { LedgerAudit } from '../store/ledger-audit.ts';
import type { Differences } from './difference.ts';

const openStates = ['open', 'picked', 'packed'];
const endStates = ['shipped', 'released'];

/** Holds the node's documents against themselves and one another. */
export function auditDocuments(audit: LedgerAudit, differences: Differences): void {
  auditTasks(audit.documents, differences);
  auditReservations(audit.documents, differences);
  auditTransfers(audit.documents, differences);
  auditInbox(audit, differences);
}

function auditTasks(documents: DocumentAudit, differences: Differences): void {
  for (const page of documents.tasks()) {
    for (const { id, state, lineCount, open, least } of page) {
      const fault = (message: string) => differences.add({ table: 'task', message: `${id} ${message}` });
      const isOpen = openStates.includes(state);
      if (!isOpen && !endStates.includes(state)) fault(`is ${state}, which is no state of a task`);
      if (lineCount === 0) fault('has no lines');
      if (least < 0) fault('has a line that gave up or shipped more than it had, or less than nothing');
      if (isOpen && open === 0) fault(`is ${state} with nothing left to ship`);
      if (!isOpen && open !== 0) fault(`is ${state} with ${open} units still committed`);
    }
  }
  for (const { place, task } of documents.orphansOfTasks()) {
    differences.add({ table: place, message: `belongs to task ${task}, which is not there` });
  }
}

function auditReservations(documents: DocumentAudit, differences: Differences): void {
  for (const { id, fault } of documents.faultyReservations()) {
    differences.add({ table: 'reservation', message: `${id} ${fault}` });
  }
}

function auditTransfers(documents: DocumentAudit, differences: Differences): void {
  for (const { id, fault } of documents.faultyTransfers()) {
    differences.add({ table: 'transfer', message: `${id} ${fault}` });
  }
}

function auditInbox(audit: LedgerAudit, differences: Differences): void {
  const inbox = audit.inbox();
  if (inbox !== undefined && (inbox.sequence < 0 || inbox.centralEpoch < 1 || inbox.hashBytes !== HASH_BYTES)) {
    const message = `says that central's log is carried out up to ${inbox.centralEpoch}.${inbox.sequence}, which is no place in it`;
    differences.add({ table: 'inbox', message });
  }
  for (const { centralEpoch, sequence } of audit.refusedDirectives()) {
    const isBehind =
      inbox !== undefined &&
      (centralEpoch < inbox.centralEpoch || (centralEpoch === inbox.centralEpoch && sequence <= inbox.sequence));
    if (isBehind) continue;
    const message = `holds directive ${centralEpoch}.${sequence}, which is not behind the cursor`;
    differences.add({ table: 'refused_directive', message });
  }
}
