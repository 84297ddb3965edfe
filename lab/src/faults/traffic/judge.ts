import { CentralApi } from '../../api/central-api.ts';
import { EdgeApi } from '../../api/edge-api.ts';
import { ShopApi } from '../../api/shop-api.ts';
import { type LoggedMovement, SiteApi } from '../../api/site-api.ts';
import { siteMismatches } from '../../model/site-mismatches.ts';
import type { Ended, History } from './history.ts';

const PATIENCE_MS = 20_000;
/** Of each sort of finding; the rest is counted. */
const TOLD = 3;
/** What sets units aside and moves none: a node does it by itself, and ends it by itself. Everything else was asked for. */
const ASIDE_KINDS = new Set(['grant', 'reclaim', 'reserve', 'release']);

/** What a node's log has of each document: units by SKU, and how many movements. */
type Recorded = ReadonlyMap<string, { readonly units: ReadonlyMap<string, number>; readonly movements: number }>;

/** Adds a log up by its documents. */
export function recordedIn(log: Iterable<LoggedMovement>): Recorded {
  const documents = new Map<string, { units: Map<string, number>; movements: number }>();
  for (const { kind, document = '', sku, quantity } of log) {
    if (ASIDE_KINDS.has(kind)) continue;
    const known = documents.get(document) ?? { units: new Map<string, number>(), movements: 0 };
    documents.set(document, known);
    known.units.set(sku, (known.units.get(sku) ?? 0) + quantity);
    known.movements += 1;
  }
  return documents;
}

/** What is wrong with a log, held against what those remember who asked. Nothing wrong = no findings. */
export function findingsInLog(operations: readonly Ended[], recorded: Recorded): readonly string[] {
  const known = new Map(operations.map((operation) => [operation.id, operation]));
  const missing = operations.filter(({ id, ending }) => ending === 'ok' && !recorded.has(id));
  const refused = operations.filter(({ id, ending }) => ending === 'refused' && recorded.has(id));
  const different = operations.filter((operation) => {
    const found = recorded.get(operation.id);
    return found !== undefined && !isExactly(operation, found);
  });
  const unasked = [...recorded.keys()].filter((document) => !known.has(document));
  return [
    ...told(
      'replied and not in the log',
      missing.map(({ id }) => id),
    ),
    ...told(
      'refused and yet in the log',
      refused.map(({ id }) => id),
    ),
    ...told(
      'not exactly what was asked, or twice',
      different.map(({ id }) => id),
    ),
    ...told('in the log and never asked for', unasked),
  ];
}

/** Units by SKU that must be there: everything in the log that was asked for. */
export function unitsOf(operations: readonly Ended[], recorded: Recorded): ReadonlyMap<string, number> {
  const units = new Map<string, number>();
  for (const { id, changes } of operations) {
    if (!recorded.has(id)) continue;
    for (const change of changes) units.set(change.sku, (units.get(change.sku) ?? 0) + change.units);
  }
  return units;
}

/** A node's log against the history; and, when central is to agree by now, every position of it at both. */
export async function findingsAtNode(
  history: History,
  { warehouse, url, centralUrl }: { readonly warehouse: string; readonly url: string; readonly centralUrl?: string },
): Promise<readonly string[]> {
  const log: LoggedMovement[] = [];
  for await (const movement of new SiteApi(url, { patienceMs: PATIENCE_MS }).log()) log.push(movement);
  const operations = history.ended('node', warehouse);
  const recorded = recordedIn(log);
  const findings = findingsInLog(operations, recorded);
  const node = new EdgeApi(url, { patienceMs: PATIENCE_MS });
  const model = unitsOf(operations, recorded);
  if (centralUrl === undefined) {
    const positions = await node.positions();
    const wrong = [...model].filter(([sku, units]) => positions.get(sku)?.onHand !== units);
    return [
      ...findings,
      ...told(
        'on hand is not the sum of what was recorded',
        wrong.map(([sku]) => sku),
      ),
    ];
  }
  const mismatches = await siteMismatches(warehouse, { model, node, central: new CentralApi(centralUrl) });
  return [
    ...findings,
    ...told(
      `${warehouse} and central differ`,
      mismatches.map((mismatch) => JSON.stringify(mismatch)),
    ),
  ];
}

/** Promises: what was replied is held, what was refused is not, and nothing beyond what nodes have granted. */
export async function findingsAtShop(history: History, centralUrl: string): Promise<readonly string[]> {
  const shop = new ShopApi(centralUrl, { patienceMs: PATIENCE_MS });
  const promises = history.ended('central');
  const lost: string[] = [];
  const held = new Map<string, number>();
  for (const { id, ending, changes } of promises) {
    const isHeld = await shop.reservation(id).then(
      ({ state }) => state === 'held',
      () => false,
    );
    if (ending === 'ok' && !isHeld) lost.push(`${id} replied and not held`);
    if (ending === 'refused' && isHeld) lost.push(`${id} refused and held`);
    if (isHeld) for (const { sku, units } of changes) held.set(sku, (held.get(sku) ?? 0) + units);
  }
  const wrong: string[] = [];
  for (const [sku, units] of held) {
    const shares = await shop.shares(sku);
    const sum = (of: (share: (typeof shares)[number]) => number) =>
      shares.reduce((total, share) => total + of(share), 0);
    if (sum(({ held }) => held) !== units)
      wrong.push(`${sku}: central holds ${sum(({ held }) => held)}, replied ${units}`);
    for (const { granted, returned, allocatedSent, held, unspent } of shares) {
      if (unspent !== granted - returned - allocatedSent - held || unspent < 0)
        wrong.push(`${sku}: unspent ${unspent}`);
    }
  }
  const oversold = await shop.oversold();
  return [
    ...told('promises', lost),
    ...told('units of promises', wrong),
    ...(oversold === 0 ? [] : [`oversold ${oversold}`]),
  ];
}

function isExactly(
  { changes }: Ended,
  { units, movements }: { units: ReadonlyMap<string, number>; movements: number },
) {
  const wanted = new Map<string, number>();
  for (const { sku, units: more } of changes) wanted.set(sku, (wanted.get(sku) ?? 0) + more);
  return (
    movements === changes.length &&
    wanted.size === units.size &&
    [...wanted].every(([sku, sum]) => units.get(sku) === sum)
  );
}

function told(what: string, ids: readonly string[]): readonly string[] {
  if (ids.length === 0) return [];
  const more = ids.length > TOLD ? `, … (${ids.length})` : '';
  return [`${what}: ${ids.slice(0, TOLD).join(', ')}${more}`];
}
