import { afterEach, beforeEach, describe } from 'vitest';
import { describeApplying } from './applying.contract.ts';
import { describeConserving } from './conserving.contract.ts';
import { ContractFixture, type OpenStore } from './contract-fixture.contract.ts';
import { describeDeciding } from './deciding.contract.ts';
import { describeDigesting } from './digesting.contract.ts';
import { describeDirecting } from './directing.contract.ts';
import { describeLateFacts } from './late-facts.contract.ts';
import { describeOrdering } from './ordering.contract.ts';
import { describeReading } from './reading.contract.ts';
import { describeRecalling } from './recalling.contract.ts';
import { describeRejoining } from './rejoining.contract.ts';
import { describeReserving } from './reserving.contract.ts';
import { describeReturning } from './returning.contract.ts';
import { describeSelling } from './selling.contract.ts';
import { describeSnapshotting } from './snapshotting.contract.ts';
import { describeTransferring } from './transferring.contract.ts';

/** What every adapter of the port must do. */
export function describeCentralStore(name: string, open: OpenStore): void {
  describe(name, () => {
    const fixture = new ContractFixture();
    beforeEach(() => fixture.open(open));
    afterEach(() => fixture.opened.close());
    describeDeciding(fixture);
    describeApplying(fixture);
    describeReading(fixture);
    describeReserving(fixture);
    describeReturning(fixture);
    describeRecalling(fixture);
    describeSelling(fixture);
    describeDirecting(fixture);
    describeDigesting(fixture);
    describeConserving(fixture);
    describeTransferring(fixture);
    describeRejoining(fixture);
    describeSnapshotting(fixture);
    describeLateFacts(fixture);
  });
  describeOrdering(`${name}: orders`, open);
}
