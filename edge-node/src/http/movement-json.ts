import type { RecordedAnswer, RecordedMovement } from '../ledger/command.ts';
import { positionBody } from './position-json.ts';

/** What a write is answered with. */
export function answerBody({ movements, exceptions }: RecordedAnswer) {
  return {
    sequence: movements.at(-1)?.sequence,
    movements: movements.map(({ sequence, sku, kind, quantity, line, position }) => ({
      sequence,
      sku,
      kind,
      quantity,
      line,
      position: positionBody(position),
    })),
    exceptions,
  };
}

/** A movement as the log shows it: everything that is known of it. */
export function movementBody({ sequence, at, kind, sku, quantity, line, details, position }: RecordedMovement) {
  const { occurredAt, ...others } = details;
  return {
    sequence,
    at: isoTime(at),
    kind,
    sku,
    quantity,
    line,
    ...others,
    ...(occurredAt === undefined ? {} : { occurredAt: isoTime(occurredAt) }),
    position: positionBody(position),
  };
}

/** A moment as answers show it: ISO 8601 in UTC. */
export function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
