import { wireLimits } from '@edgestock/shared/protocol/limits';
import { assert } from '@edgestock/shared/runtime/assert';

/** Cuts lines into as many directives as their number and their bytes ask for. */
export function directivePages<Line>(lines: readonly Line[], encode: (page: readonly Line[]) => Buffer): Buffer[] {
  if (lines.length === 0) return [];
  if (lines.length <= wireLimits.directiveLinesMax) {
    const page = encode(lines);
    if (page.length <= wireLimits.directiveBytesMax) return [page];
    assert(lines.length > 1, 'the doors limit what one line may say');
  }
  const half = Math.min(wireLimits.directiveLinesMax, Math.ceil(lines.length / 2));
  return [...directivePages(lines.slice(0, half), encode), ...directivePages(lines.slice(half), encode)];
}
