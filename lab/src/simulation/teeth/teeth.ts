import { UsageError } from '../../command/usage-error.ts';
import type { Tooth } from '../tooth.ts';
import { answerBeforeCommit } from './answer-before-commit.ts';
import { availabilityAfterwards } from './availability-afterwards.ts';
import { believesBroker } from './believes-broker.ts';
import { cursorBeforeData } from './cursor-before-data.ts';
import { expiryByWallClock } from './expiry-by-wall-clock.ts';
import { fullDiskUnnoticed } from './full-disk-unnoticed.ts';
import { gapIgnored } from './gap-ignored.ts';
import { inboxCursorFirst } from './inbox-cursor-first.ts';
import { keyForgotten } from './key-forgotten.ts';
import { noInstanceCheck } from './no-instance-check.ts';
import { quotaByIncrements } from './quota-by-increments.ts';
import { sameMessageId } from './same-message-id.ts';
import { synchronousNormal } from './synchronous-normal.ts';

export const teeth: readonly Tooth[] = [
  believesBroker,
  cursorBeforeData,
  inboxCursorFirst,
  quotaByIncrements,
  availabilityAfterwards,
  answerBeforeCommit,
  synchronousNormal,
  gapIgnored,
  keyForgotten,
  sameMessageId,
  noInstanceCheck,
  expiryByWallClock,
  fullDiskUnnoticed,
];

export function toothNamed(name: string): Tooth {
  const tooth = teeth.find((one) => one.name === name);
  if (tooth === undefined)
    throw new UsageError(`there is no tooth ${name}`, `One of ${teeth.map((one) => one.name).join(', ')}.`);
  return tooth;
}
