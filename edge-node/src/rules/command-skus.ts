import type { Sku } from '@edgestock/shared/inventory/ids';
import { unreachable } from '@edgestock/shared/runtime/assert';
import type { Command } from './command.ts';
import type { CarryOut } from './directive-command.ts';
import type { Documents } from './documents.ts';
import { skusOfLate } from './late-facts.ts';

type Named = { readonly sku: Sku };

/** The lines, or the lines of the document, whose SKUs' shelves a command is decided on. */
export function skusOf(command: Command, documents: Documents): readonly Named[] {
  switch (command.type) {
    case 'record':
    case 'count':
    case 'reserve':
    case 'take-back':
    case 'apply-policy':
    case 'plan-transfer':
      return command.lines;
    case 'retell':
      return [
        ...(command.facts ?? []),
        ...(command.facts ?? []).flatMap(({ details }) =>
          details.otherWarehouse === undefined ? [] : linesOfTransfer(details.document ?? '', documents),
        ),
        ...(command.reservations ?? []).flatMap(({ lines }) => lines),
        ...(command.transfers ?? []).flatMap(({ lines }) => lines),
        ...(command.levellings ?? []),
        ...(command.recounts ?? []).map((sku) => ({ sku })),
      ];
    case 'task-step':
      return documents.task(command.task)?.lines ?? [];
    case 'take-up-epoch':
      return [];
    case 'carry-out':
    case 'carry-out-kept':
      return linesOf(command.directive, documents);
    case 'renew-reservation':
    case 'release-reservation':
    case 'confirm-reservation':
    case 'expire-reservation':
    case 'fulfil-reservation':
      return documents.reservation(command.id)?.lines ?? [];
    case 'ship-transfer':
    case 'receive-transfer':
      return [...(command.lines ?? []), ...linesOfTransfer(command.id, documents)];
    case 'cancel-transfer':
    case 'close-transfer':
      return linesOfTransfer(command.id, documents);
    default:
      return unreachable(command);
  }
}

/** Of all that are called so: which one is meant, the rules say. */
function linesOfTransfer(id: string, documents: Documents): readonly Named[] {
  return documents.transfersNamed(id).flatMap(({ lines }) => lines);
}

function linesOf(directive: CarryOut['directive'], documents: Documents): readonly Named[] {
  switch (directive.kind) {
    case 'allocate':
    case 'quota-return':
    case 'grant-request':
      return directive.lines;
    case 'release':
      return documents.task(directive.task)?.lines ?? [];
    case 'sku-policy':
      return directive.rules;
    case 'transfer':
      return [...directive.transfer.lines, ...linesOfTransfer(directive.transfer.transfer, documents)];
    case 'late-facts':
      return skusOfLate(directive.rows, documents);
    case 'catalogue-upsert':
    case 'policy':
    case 'unreadable':
      return [];
    default:
      return unreachable(directive);
  }
}
