import { commonProblems, type ProblemKind } from '@edgestock/shared/runtime/problem';

/** Everything that the API of central may answer instead of what was asked for. */
export const problems = {
  ...commonProblems,
  malformedSku: { code: 'malformed-sku', status: 400, title: 'The text cannot be a SKU' },
  tooManySkus: { code: 'too-many-skus', status: 400, title: 'More SKUs than one request may name' },
  unknownChannel: { code: 'unknown-channel', status: 404, title: 'There is no such channel' },
  malformedWarehouse: { code: 'malformed-warehouse', status: 400, title: 'The text cannot be a warehouse id' },
  unknownWarehouse: { code: 'unknown-warehouse', status: 404, title: 'No node of that warehouse was ever enrolled' },
  unknownItem: { code: 'unknown-item', status: 404, title: 'The catalogue has no such item' },
  unknownOrder: { code: 'unknown-order', status: 404, title: 'There is no such order' },
  unknownTask: { code: 'unknown-task', status: 404, title: 'There is no such task without an order' },
  taskState: { code: 'task-state', status: 409, title: 'The task is not in a state for that' },
  unknownTransfer: { code: 'unknown-transfer', status: 404, title: 'There is no such transfer here' },
  transferAmbiguous: { code: 'transfer-ambiguous', status: 409, title: 'Several transfers have that name' },
  unknownLateFact: { code: 'unknown-late-fact', status: 404, title: 'Nothing of that number was put aside' },
  lateFactSettled: { code: 'late-fact-settled', status: 409, title: 'It was settled otherwise before' },
  nothingToApply: { code: 'nothing-to-apply', status: 422, title: 'Nothing in it can be applied' },
  idTaken: { code: 'id-taken', status: 409, title: 'Another promise has the id' },
  orderState: { code: 'order-state', status: 409, title: 'The order is not in a state for that' },
  tooManyChannels: { code: 'too-many-channels', status: 409, title: 'As many channels as allowed exist' },
  keyReused: { code: 'idempotency-key-reused', status: 422, title: 'The key belongs to another request' },
  tooManyStreams: { code: 'too-many-streams', status: 503, title: 'As many event streams as allowed are open' },
} as const satisfies Record<string, ProblemKind>;
