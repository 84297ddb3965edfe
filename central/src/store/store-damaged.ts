import { isDamage } from '@edgestock/shared/sqlite/database-check';
import { StoreFailing } from './store-failing.ts';

/** How a damaged store is mended, for whoever reads of it. */
export const DAMAGED_REMEDY =
  'Look at the disk (kernel log, SMART); or was the file copied over while central ran? Then stop central and put the last backup in place on a sound disk: edgestock central restore --from FILE --data-dir DIR --replace, which keeps what is there (README, "When central\'s store is damaged").';

/** What is in the store's file is not what was written to it. What else is in it may still be read; nothing more is written to it. */
export class StoreDamaged extends StoreFailing {
  override readonly name = 'StoreDamaged';
  readonly reason = 'store-damaged';
  readonly hint = DAMAGED_REMEDY;
}

/** Also of an error that came from the thread that writes. */
export function tellsOfDamage(error: Error): boolean {
  return error instanceof StoreDamaged || isDamage(error);
}
