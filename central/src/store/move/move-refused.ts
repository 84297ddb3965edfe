import { OperatingFailure } from '@edgestock/shared/runtime/operating-failure';

/** The move cannot be made as it was asked for. Nothing was changed. */
export class MoveRefused extends OperatingFailure {
  override readonly name = 'MoveRefused';
}
