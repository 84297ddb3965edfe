import fc from 'fast-check';
import type { LinkFaults } from './simulated-link.ts';

/** How likely something goes wrong with one message. */
const anyProbability = fc.constantFrom(0, 0, 0.05, 0.3);

/** Whatever a line, a broker and central's process may do. */
export const anyLinkFaults: fc.Arbitrary<LinkFaults> = fc.record({
  loss: anyProbability,
  duplication: anyProbability,
  delayMs: fc.constantFrom<[number, number]>([1, 1], [0, 40], [20, 900]),
  isUpCut: fc.constantFrom(false, false, false, true),
  isDownCut: fc.constantFrom(false, false, false, true),
  brokerLoss: anyProbability,
  isCentralDown: fc.constantFrom(false, false, false, true),
  isStreamGone: fc.constantFrom(false, false, false, true),
});
