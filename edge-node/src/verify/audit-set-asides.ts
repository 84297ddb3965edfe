import type { Sku } from '@edgestock/shared/inventory/ids';
import type { AuditedSetAsides } from '../store/document-audit.ts';
import type { AuditedPosition } from '../store/ledger-audit.ts';
import type { Differences } from './difference.ts';

/** Holds a position's set-asides against the documents that hold the units, and its quota against the totals it comes from. */
export function auditSetAsides(
  audited: { readonly sku: Sku; readonly position: AuditedPosition | undefined; readonly held: AuditedSetAsides },
  differences: Differences,
): void {
  const { sku, position, held } = audited;
  for (const name of ['reserved', 'committed'] as const) {
    const units = position?.[name] ?? 0;
    if (units === held[name]) continue;
    const message = `${name} is ${units}; the documents that are open here hold ${held[name]}`;
    differences.add({ table: 'position', sku, message });
  }
  if (position === undefined) return;
  const { quota, granted, returned, allocated } = position;
  if (quota !== granted - returned - allocated) {
    const message = `quota is ${quota}; ${granted} granted less ${returned} returned less ${allocated} allocated make ${granted - returned - allocated}`;
    differences.add({ table: 'position', sku, message });
  }
  if (quota < 0)
    differences.add({ table: 'position', sku, message: `quota is ${quota}: more came of it than was granted` });
}
