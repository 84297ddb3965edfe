import { commonProblems, type ProblemItem, type ProblemKind, refuse } from '@edgestock/shared/runtime/problem';
import { ended } from '@edgestock/shared/runtime/sentence';

/** Every problem the node's doors can tell. Codes are for programs and stay as they are. */
export const problems = {
  ...commonProblems,
  restored: { code: 'restored', status: 409, title: 'This node was restored and promises nothing yet' },
  rejoinRefused: { code: 'rejoin-refused', status: 409, title: 'Central does not let this node go on' },
  centralUnheard: { code: 'central-unheard', status: 503, title: 'Central does not answer' },
  countsElsewhere: { code: 'counts-elsewhere', status: 400, title: 'A count is not a movement of a stated quantity' },
  keyRequired: { code: 'idempotency-key-required', status: 400, title: 'This node takes no write without a key' },
  ifMatchAmbiguous: { code: 'if-match-ambiguous', status: 400, title: 'If-Match needs a request on exactly one SKU' },
  barcodeUnreadable: { code: 'barcode-unreadable', status: 400, title: 'This is not a barcode that can be read' },
  unknownSku: { code: 'unknown-sku', status: 404, title: 'This SKU is not known here' },
  unknownTask: { code: 'unknown-task', status: 404, title: 'There is no such task here' },
  unknownTransfer: { code: 'unknown-transfer', status: 404, title: 'There is no such transfer here' },
  taskState: { code: 'task-state', status: 409, title: 'The task is not in a state for that' },
  transferAmbiguous: { code: 'transfer-ambiguous', status: 409, title: 'Several transfers have that name' },
  transferState: { code: 'transfer-state', status: 409, title: 'The transfer is not in a state for that' },
  unknownBarcode: { code: 'unknown-barcode', status: 404, title: 'No item here has this barcode' },
  unknownException: { code: 'unknown-exception', status: 404, title: 'This exception is not known here' },
  exceptionResolved: { code: 'exception-resolved', status: 409, title: 'The exception was closed before' },
  beyondLog: { code: 'beyond-log', status: 409, title: 'The log does not reach that far' },
  logTrimmed: { code: 'log-trimmed', status: 410, title: 'That part of the log is no longer here' },
  stalePosition: { code: 'stale-position', status: 412, title: 'The position has changed since it was seen' },
  idReused: { code: 'id-reused', status: 422, title: 'The id belongs to another request' },
  keyReused: { code: 'idempotency-key-reused', status: 422, title: 'The key belongs to another request' },
  outcomeUnknown: { code: 'outcome-unknown', status: 503, title: 'Whether it was recorded is not known yet' },
  insufficientStorage: { code: 'insufficient-storage', status: 507, title: 'The disk of this node is full' },
} as const satisfies Record<string, ProblemKind>;

/** Refuses the request with the list of what is wrong in it; nothing has been recorded. */
export function refuseItems(items: readonly ProblemItem[], listedMax: number): never {
  refuseListed(items, listedMax, ' Nothing was recorded.');
}

/** The same for a request that only asks: it would have recorded nothing anyway. */
export function refuseQuestion(...items: readonly ProblemItem[]): never {
  refuseListed(items, items.length, '');
}

function refuseListed(items: readonly ProblemItem[], listedMax: number, consequence: string): never {
  const listed = items.slice(0, listedMax);
  const first = listed[0];
  refuse(
    problems.invalidRequest,
    `${sentenceOf(first)}${first === undefined ? '' : consequence}${items.length > 1 ? ` And ${items.length - 1} more.` : ''}`,
    {
      problems: listed,
      ...(items.length > listed.length ? { problemsOmitted: items.length - listed.length } : {}),
    },
  );
}

function sentenceOf(item: ProblemItem | undefined): string {
  if (item === undefined) return 'The request cannot be meant as it is.';
  return `${item.line === undefined ? '' : `Line ${item.line}: `}${ended(item.message)}`;
}
