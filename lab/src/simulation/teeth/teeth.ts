import { WrongCall } from '@edgestock/shared/command/wrong-call';
import type { Tooth } from '../tooth.ts';
import { answerBeforeCommit } from './answer-before-commit.ts';
import { availabilityAfterwards } from './availability-afterwards.ts';
import { believesBroker } from './believes-broker.ts';
import { cursorBeforeData } from './cursor-before-data.ts';
import { deadEpochApplied } from './dead-epoch-applied.ts';
import { expiryByWallClock } from './expiry-by-wall-clock.ts';
import { formerBooksDropped } from './former-books-dropped.ts';
import { fullDiskUnnoticed } from './full-disk-unnoticed.ts';
import { gapIgnored } from './gap-ignored.ts';
import { inboxCursorFirst } from './inbox-cursor-first.ts';
import { keyForgotten } from './key-forgotten.ts';
import { noInstanceCheck } from './no-instance-check.ts';
import { quotaByIncrements } from './quota-by-increments.ts';
import { repairByVersion } from './repair-by-version.ts';
import { restoredPromises } from './restored-promises.ts';
import { sameEpoch } from './same-epoch.ts';
import { sameMessageId } from './same-message-id.ts';
import { snapshotWithoutRoot } from './snapshot-without-root.ts';
import { synchronousNormal } from './synchronous-normal.ts';
import { uncountedGranted } from './uncounted-granted.ts';

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
  uncountedGranted,
  sameEpoch,
  deadEpochApplied,
  formerBooksDropped,
  restoredPromises,
  repairByVersion,
  snapshotWithoutRoot,
];

export function toothNamed(name: string): Tooth {
  const tooth = teeth.find((one) => one.name === name);
  if (tooth === undefined)
    throw new WrongCall(`there is no tooth ${name}`, `One of ${teeth.map((one) => one.name).join(', ')}.`);
  return tooth;
}
