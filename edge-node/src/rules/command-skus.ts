import type { Sku } from '@edgestock/shared/inventory/ids';
import { unreachable } from '@edgestock/shared/runtime/assert';
import type { Command } from './command.ts';
import type { CarryOut } from './directive-command.ts';
import type { Documents } from './documents.ts';

type Named = { readonly sku: Sku };

/** The lines, or the lines of the document, whose SKUs' shelves a command is decided on. */
export function skusOf(command: Command, documents: Documents): readonly Named[] {
  switch (command.type) {
    case 'record':
    case 'count':
    case 'reserve':
    case 'take-back':
    case 'apply-policy':
      return command.lines;
    case 'task-step':
      return documents.task(command.task)?.lines ?? [];
    case 'carry-out':
      return linesOf(command.directive, documents);
    case 'renew-reservation':
    case 'release-reservation':
    case 'confirm-reservation':
    case 'expire-reservation':
    case 'fulfil-reservation':
      return documents.reservation(command.id)?.lines ?? [];
    default:
      return unreachable(command);
  }
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
    case 'catalogue-upsert':
    case 'policy':
    case 'transfer':
    case 'unreadable':
      return [];
    default:
      return unreachable(directive);
  }
}
