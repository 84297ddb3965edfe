import type { Sku } from '@edgestock/shared/inventory/ids';
import { itemBarcode } from '@edgestock/shared/inventory/item-barcode';
import { LINE_QUANTITY_MAX } from '@edgestock/shared/inventory/quantity';
import { termsFor } from '@edgestock/shared/inventory/quota';
import type { CatalogueItem, Directive } from '@edgestock/shared/protocol/directive';
import { unreachable } from '@edgestock/shared/runtime/assert';
import { allocate, giveBack, release } from './allocation.ts';
import { level } from './apply-policy.ts';
import type { CarryOut, CarryOutKept } from './directive-command.ts';
import type { Effect } from './directive-effect.ts';
import type { DocumentWrite, DownCursor } from './documents.ts';
import { grantForRequest } from './grant.ts';
import { hearTransfer } from './hear-transfer.ts';
import { recordLateFacts } from './late-facts.ts';
import { Recording } from './recording.ts';
import type { Decision, SiteState } from './site-state.ts';
import { reclaim } from './take-back.ts';

/** Under this SKU, which no item has, stands the exception of directives that could not be carried out. */
export const NO_SKU = '' as Sku;

/**
 * Decides one directive at its place in central's log: the effect and the cursor are one commit. In order of precedence: one
 * that is behind the cursor was carried out before; one that does not follow it is not taken; one that cannot be carried out
 * is kept as it came, told by an exception, and the cursor goes on, so that it never blocks those behind it.
 */
export function carryOut(state: SiteState, command: CarryOut): Decision {
  const { place } = command;
  const done = state.documents.inbox();
  if (place.centralEpoch === done.centralEpoch && place.sequence <= done.sequence) return { outcome: 'done-before' };
  if (!isNext(done, place)) {
    const message = `directive ${place.centralEpoch}.${place.sequence} does not follow ${done.centralEpoch}.${done.sequence}`;
    return { outcome: 'invalid', problems: [{ line: 0, code: 'directive-out-of-order', message }] };
  }
  const recording = new Recording(state);
  const effect = effectOf(state, command.directive, recording);
  if (effect.outcome === 'refused') return keptAsItCame(state, command, effect.reason);
  const decision = recording.decision([...effect.writes, { document: 'inbox', cursor: place }]);
  return decision.outcome === 'invalid' ? keptAsItCame(state, command, decision.problems[0]?.message ?? '') : decision;
}

/** Decides one that was kept: what was carried out meanwhile, or still cannot be, stays as it is. */
export function carryOutKept(state: SiteState, { place, directive }: CarryOutKept): Decision {
  if (!state.documents.isKept(place)) return { outcome: 'done-before' };
  const recording = new Recording(state);
  const effect = effectOf(state, directive, recording);
  if (effect.outcome === 'refused') return { outcome: 'done-before' };
  return recording.decision([...effect.writes, { document: 'kept-directive', place }]);
}

/** The first directive of all may name the epoch; a later one is taken up before its first directive. */
function isNext(done: DownCursor, place: DownCursor): boolean {
  const isSameLog = place.centralEpoch === done.centralEpoch || done.centralEpoch === 0;
  return isSameLog && place.sequence === done.sequence + 1;
}

/** Units that central spent on it are given back where the books can tell so. */
function keptAsItCame(state: SiteState, { place, bytes, directive }: CarryOut, reason: string): Decision {
  const kept: readonly DocumentWrite[] = [
    { document: 'refused-directive', cursor: place, directive: bytes, reason },
    { document: 'inbox', cursor: place },
  ];
  const recording = new Recording(state);
  const writes = directive.kind === 'allocate' ? giveBack(state, directive, recording) : [];
  const back = recording.decision([...writes, ...kept]);
  const exceptions = [{ kind: 'directive-refused', sku: NO_SKU, sequence: place.sequence, deficit: 0 }] as const;
  // Whatever the books had against the units on their way, nothing is committed now that was not before.
  if (back.outcome === 'record') return { ...back, exceptions };
  return { outcome: 'record', drafts: [], exceptions, writes: kept };
}

function effectOf(state: SiteState, directive: CarryOut['directive'], recording: Recording): Effect {
  switch (directive.kind) {
    case 'allocate':
      return allocate(state, directive, recording);
    case 'release':
      return release(state, directive, recording);
    case 'quota-return':
      reclaim(recording, directive.lines);
      return carriedOut();
    case 'grant-request':
      grantRequested(state, directive, recording);
      return carriedOut();
    case 'policy':
      if (directive.policy.safetyStock > LINE_QUANTITY_MAX) return excessiveSafetyStock;
      // Positions follow page by page, behind the tills: there may be a million of them.
      return carriedOut({ document: 'policy', policy: directive.policy });
    case 'sku-policy': {
      if (directive.rules.some(({ safetyStock = 0 }) => safetyStock > LINE_QUANTITY_MAX)) return excessiveSafetyStock;
      const policy = state.documents.policy();
      for (const [line, rule] of directive.rules.entries()) {
        level(recording, rule.sku, line, termsFor(policy, rule).safetyStock);
      }
      return carriedOut(...directive.rules.map((rule) => ({ document: 'sku-policy', rule }) as const));
    }
    case 'catalogue-upsert': {
      const fault = directive.items.flatMap(({ barcodes }) => barcodes).find(({ multiple }) => multiple < 1);
      if (fault !== undefined) return { outcome: 'refused', reason: `barcode ${fault.barcode} means no units` };
      return carriedOut(...directive.items.map((item) => ({ document: 'item', item: asImported(item) }) as const));
    }
    case 'transfer':
      return hearTransfer(state, directive.transfer, recording);
    case 'late-facts':
      return recordLateFacts(state, directive, recording);
    case 'unreadable':
      return { outcome: 'refused', reason: directive.why };
    default:
      return unreachable(directive);
  }
}

/**
 * With its barcodes in the form in which the node's own import keeps them, so that scans find them. What cannot be a GTIN is
 * kept as it came: central has let it pass for a code of the shop's own, and its word counts.
 */
function asImported(item: CatalogueItem): CatalogueItem {
  const barcodes = item.barcodes.map(({ barcode, multiple }) => {
    const stored = itemBarcode(barcode);
    return { barcode: stored.outcome === 'barcode' ? stored.barcode : barcode, multiple };
  });
  return { ...item, barcodes };
}

const excessiveSafetyStock: Effect = {
  outcome: 'refused',
  reason: `a safety stock is at most ${LINE_QUANTITY_MAX} units`,
};

function carriedOut(...writes: readonly DocumentWrite[]): Effect {
  return { outcome: 'carried-out', writes };
}

/** A hint is good for a while, and for no more than is there. */
function grantRequested(
  state: SiteState,
  { lines, expiresAt }: Extract<Directive, { kind: 'grant-request' }>,
  recording: Recording,
): void {
  if (state.now >= expiresAt) return;
  const policy = state.documents.policy();
  for (const [line, { sku, quantity }] of lines.entries()) {
    if (state.documents.isUncounted(sku)) continue;
    const { sharePercent } = termsFor(policy, state.documents.skuPolicy(sku));
    const { position } = recording.shelf(sku);
    recording.aside('grant', grantForRequest(position, sharePercent, quantity), { sku, line });
  }
}
