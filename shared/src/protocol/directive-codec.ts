import { unreachable } from '../runtime/assert.ts';
import { decodeDelta, encodeDelta } from './codec.ts';
import {
  type CatalogueItem,
  type Directive,
  type LateRow,
  type SkuPolicy,
  type SkuQuantity,
  type SkuTotal,
  type TransferLine,
  type TransferState,
  type WarehousePolicy,
  warehouseClasses,
} from './directive.ts';
import { wireLimits } from './limits.ts';
import { packed, unpackArray } from './packing.ts';
import { arrayOf, bytesOf, integer, natural, skuOf, textOf, WireError, warehouseOf } from './wire-fields.ts';

/** Kinds on the wire and on disk: append only, never reuse. */
const codes = {
  allocate: 1,
  release: 2,
  'quota-return': 3,
  'grant-request': 4,
  'catalogue-upsert': 5,
  policy: 6,
  'sku-policy': 7,
  transfer: 8,
  'late-facts': 9,
} as const satisfies Record<Directive['kind'], number>;

/** The canonical bytes of a directive: encoded once, when central writes it; hashed, stored and sent as they are. */
export function encodeDirective(directive: Directive): Buffer {
  return packed([codes[directive.kind], ...fieldsOf(directive)]);
}

function fieldsOf(directive: Directive): unknown[] {
  switch (directive.kind) {
    case 'allocate':
      return [directive.task, directive.order, quantityFields(directive.lines), directive.dueAt ?? null];
    case 'release':
      return [directive.task, quantityFields(directive.lines), directive.reason];
    case 'quota-return':
      return [directive.lines.map(({ sku, total }) => [sku, total])];
    case 'grant-request':
      return [quantityFields(directive.lines), directive.expiresAt];
    case 'catalogue-upsert':
      return [directive.items.map(itemFields)];
    case 'policy': {
      const { policy } = directive;
      return [warehouseClasses.indexOf(policy.class), policy.sharePercent, policy.safetyStock];
    }
    case 'sku-policy':
      return [
        directive.rules.map(({ sku, sharePercent, safetyStock }) => [sku, sharePercent ?? null, safetyStock ?? null]),
      ];
    case 'transfer':
      return transferFields(directive.transfer);
    case 'late-facts':
      return [directive.late, directive.rows.map(({ sequence, delta }) => [sequence, encodeDelta(delta)])];
    default:
      return unreachable(directive);
  }
}

/** What the bytes ask for; `undefined` for a kind that this release does not know. Throws `WireError`. */
export function decodeDirective(bytes: Uint8Array): Directive | undefined {
  if (bytes.length > wireLimits.directiveBytesMax)
    throw new WireError(`a directive of ${bytes.length} bytes is too long`);
  const [code, ...fields] = unpackArray(bytes, 1);
  switch (natural(code, 'kind')) {
    case codes.allocate: {
      const [task, order, lines, dueAt] = fields;
      return {
        kind: 'allocate',
        task: textOf(task, 'task'),
        order: textOf(order, 'order'),
        lines: quantitiesOf(lines),
        ...(dueAt === null || dueAt === undefined ? {} : { dueAt: natural(dueAt, 'dueAt') }),
      };
    }
    case codes.release: {
      const [task, lines, reason] = fields;
      return {
        kind: 'release',
        task: textOf(task, 'task'),
        lines: quantitiesOf(lines),
        reason: textOf(reason, 'reason'),
      };
    }
    case codes['quota-return']:
      return { kind: 'quota-return', lines: listOf(fields[0], 'lines', totalOf) };
    case codes['grant-request']:
      return {
        kind: 'grant-request',
        lines: quantitiesOf(fields[0]),
        expiresAt: natural(fields[1], 'expiresAt'),
      };
    case codes['catalogue-upsert']:
      return { kind: 'catalogue-upsert', items: listOf(fields[0], 'items', itemOf) };
    case codes.policy:
      return { kind: 'policy', policy: policyOf(fields) };
    case codes['sku-policy']:
      return { kind: 'sku-policy', rules: listOf(fields[0], 'rules', skuPolicyOf) };
    case codes.transfer:
      return { kind: 'transfer', transfer: transferOf(fields) };
    case codes['late-facts']:
      return { kind: 'late-facts', late: natural(fields[0], 'late'), rows: listOf(fields[1], 'rows', lateRowOf) };
    default:
      return undefined;
  }
}

function quantityFields(lines: readonly SkuQuantity[]): unknown[] {
  return lines.map(({ sku, quantity }) => [sku, quantity]);
}

function quantitiesOf(value: unknown): readonly SkuQuantity[] {
  return listOf(value, 'lines', (line) => {
    const [sku, quantity] = arrayOf(line, 'line');
    return { sku: skuOf(sku), quantity: natural(quantity, 'quantity') };
  });
}

function lateRowOf(value: unknown): LateRow {
  const [sequence, delta] = arrayOf(value, 'row');
  return { sequence: natural(sequence, 'sequence'), delta: decodeDelta(bytesOf(delta, 'delta')) };
}

function totalOf(value: unknown): SkuTotal {
  const [sku, total] = arrayOf(value, 'line');
  return { sku: skuOf(sku), total: natural(total, 'total') };
}

function itemFields({ sku, name, barcodes }: CatalogueItem): unknown[] {
  return [sku, name ?? null, ...barcodes.flatMap(({ barcode, multiple }) => [barcode, multiple])];
}

/** Barcodes and their multiples follow one another: arrays in arrays would go deeper than the wire allows. */
function itemOf(value: unknown): CatalogueItem {
  const [sku, name, ...codesAndMultiples] = arrayOf(value, 'item');
  if (codesAndMultiples.length % 2 !== 0 || codesAndMultiples.length / 2 > wireLimits.barcodesPerItemMax) {
    throw new WireError(`${codesAndMultiples.length} values are no barcodes with their multiples`);
  }
  const barcodes = Array.from({ length: codesAndMultiples.length / 2 }, (_, index) => ({
    barcode: textOf(codesAndMultiples[2 * index], 'barcode'),
    multiple: natural(codesAndMultiples[2 * index + 1], 'multiple'),
  }));
  return { sku: skuOf(sku), ...(name === null ? {} : { name: textOf(name, 'name') }), barcodes };
}

function policyOf([kind, share, safetyStock]: readonly unknown[]): WarehousePolicy {
  const known = warehouseClasses[natural(kind, 'class')];
  if (known === undefined) throw new WireError('the class of warehouse is not known');
  return { class: known, sharePercent: percentOf(share), safetyStock: natural(safetyStock, 'safetyStock') };
}

function skuPolicyOf(value: unknown): SkuPolicy {
  const [sku, share, safetyStock] = arrayOf(value, 'rule');
  return {
    sku: skuOf(sku),
    ...(share === null ? {} : { sharePercent: percentOf(share) }),
    ...(safetyStock === null ? {} : { safetyStock: natural(safetyStock, 'safetyStock') }),
  };
}

function percentOf(value: unknown): number {
  const percent = natural(value, 'sharePercent');
  if (percent > 100) throw new WireError(`${percent} percent are more than all`);
  return percent;
}

function transferFields({ transfer, from, to, lines, isClosed }: TransferState): unknown[] {
  return [
    transfer,
    from,
    to,
    isClosed ? 1 : 0,
    lines.map(({ sku, shipped, received, damaged, lost }) => [sku, shipped, received, damaged, lost]),
  ];
}

function transferOf([transfer, from, to, isClosed, lines]: readonly unknown[]): TransferState {
  return {
    transfer: textOf(transfer, 'transfer'),
    from: warehouseOf(from),
    to: warehouseOf(to),
    isClosed: natural(isClosed, 'isClosed') !== 0,
    lines: listOf(lines, 'lines', transferLineOf),
  };
}

function transferLineOf(value: unknown): TransferLine {
  const [sku, shipped, received, damaged, lost] = arrayOf(value, 'line');
  return {
    sku: skuOf(sku),
    shipped: natural(shipped, 'shipped'),
    received: natural(received, 'received'),
    damaged: natural(damaged, 'damaged'),
    lost: integer(lost, 'lost'),
  };
}

function listOf<T>(value: unknown, name: string, read: (item: unknown) => T): readonly T[] {
  const items = arrayOf(value, name);
  if (items.length > wireLimits.directiveLinesMax) throw new WireError(`${items.length} ${name} are too many`);
  return items.map(read);
}
