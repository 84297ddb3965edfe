import type { Sku } from '@edgestock/shared/inventory/ids';
import { unreachable } from '@edgestock/shared/runtime/assert';
import type { Command } from './command.ts';
import type { Documents } from './documents.ts';

/** The SKUs whose shelves a command is decided on: those of its lines, or of the document it names. */
export function skusOf(command: Command, documents: Documents): Iterable<Sku> {
  switch (command.type) {
    case 'record':
    case 'count':
    case 'reserve':
      return command.lines.map(({ sku }) => sku);
    case 'renew-reservation':
    case 'release-reservation':
    case 'confirm-reservation':
    case 'expire-reservation':
    case 'fulfil-reservation':
      return documents.reservation(command.id)?.lines.map(({ sku }) => sku) ?? [];
    default:
      return unreachable(command);
  }
}
