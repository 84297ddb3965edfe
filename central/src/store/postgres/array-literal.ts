import type { Parameter, Scalar } from './session.ts';

/** What a driver is given: it knows every scalar, and of arrays each driver knows something else, so they are written out here. */
export function encoded(parameters: readonly Parameter[]): Scalar[] {
  return parameters.map((parameter) => (isArray(parameter) ? arrayLiteral(parameter) : parameter));
}

// Array.isArray does not narrow readonly arrays.
function isArray(parameter: Parameter): parameter is readonly Scalar[] {
  return Array.isArray(parameter);
}

/** The text form of an array. */
export function arrayLiteral(elements: readonly Scalar[]): string {
  return `{${elements.map(elementOf).join(',')}}`;
}

function elementOf(element: Scalar): string {
  if (element === null) return 'NULL';
  if (typeof element === 'number' || typeof element === 'boolean') return String(element);
  if (typeof element === 'string') return `"${element.replace(/[\\"]/g, '\\$&')}"`;
  return `"\\\\x${Buffer.from(element.buffer, element.byteOffset, element.byteLength).toString('hex')}"`;
}
