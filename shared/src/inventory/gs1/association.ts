import type { Element, Gs1Problem } from './element.ts';
import { matches, syntaxOf } from './syntax.ts';

/**
 * What the elements of one item must be to one another. GS1 judges this over all symbols on the item together, so that a
 * single scan is only held to the rule that makes its answer ambiguous: `findConflictingRepeat`.
 */

/** The same identifier twice with different values: which lot is it? */
export function findConflictingRepeat(elements: readonly Element[]): Gs1Problem | undefined {
  const seen = new Map<string, string>();
  for (const { identifier, value } of elements) {
    const first = seen.get(identifier);
    if (first !== undefined && first !== value) {
      return problem('repeated-with-other-value', identifier, `says both ${first} and ${value}`);
    }
    seen.set(identifier, value);
  }
  return undefined;
}

/** Two identifiers that exclude one another. An identifier does not exclude itself. */
export function findExcludedPair(elements: readonly Element[]): Gs1Problem | undefined {
  for (const { identifier } of elements) {
    for (const pattern of syntaxOf(identifier)?.excludes ?? []) {
      const other = elements.find(
        (element) => element.identifier !== identifier && matches(pattern, element.identifier),
      );
      if (other) return problem('excluded', identifier, `must not stand beside (${other.identifier})`);
    }
  }
  return undefined;
}

/** An identifier without the ones it needs. */
export function findMissingRequirement(elements: readonly Element[]): Gs1Problem | undefined {
  const isPresent = (pattern: string) => elements.some((element) => matches(pattern, element.identifier));
  for (const { identifier } of elements) {
    for (const groups of syntaxOf(identifier)?.requires ?? []) {
      if (groups.some((group) => group.every(isPresent))) continue;
      const choices = groups.map((group) => group.map((pattern) => `(${pattern})`).join(' with ')).join(' or ');
      return problem('required-missing', identifier, `needs ${choices}`);
    }
  }
  return undefined;
}

/** Keys whose serial number is an optional last part; a digital signature (8030) is only valid for a single object. */
const OPTIONALLY_SERIALISED = ['253', '255', '8003'] as const;

/** A digital signature on a key without its serial number. */
export function findUnserialisedSignedKey(elements: readonly Element[]): Gs1Problem | undefined {
  if (!elements.some(({ identifier }) => identifier === '8030')) return undefined;
  const unserialised = elements.find(
    ({ identifier, value }) =>
      OPTIONALLY_SERIALISED.some((key) => key === identifier) && value.length === lengthWithoutSerial(identifier),
  );
  return (
    unserialised && problem('key-without-serial', unserialised.identifier, 'needs its serial number beside (8030)')
  );
}

function lengthWithoutSerial(identifier: string): number {
  const mandatory = syntaxOf(identifier)?.components.filter((component) => !component.isOptional) ?? [];
  return mandatory.reduce((sum, component) => sum + component.lengthMax, 0);
}

function problem(code: Gs1Problem['code'], identifier: string, complaint: string): Gs1Problem {
  return { code, identifier, message: `(${identifier}) ${complaint}` };
}
