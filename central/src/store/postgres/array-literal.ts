import { assert } from '@edgestock/shared/runtime/assert';
import type { Parameter, Scalar } from './session.ts';

/**
 * What a driver is given: it knows every scalar, and of arrays each driver knows something else, so they are written out here.
 * Nothing may reach it that it cannot write: it finds that out when the statement stands in its queue already, tells the one
 * before it, and answers this one never.
 */
export function encoded(parameters: readonly Parameter[]): Scalar[] {
  return parameters.map((parameter, place) => {
    assert(parameter !== undefined, () => `parameter $${place + 1} is missing`);
    if (isArray(parameter)) return arrayLiteral(parameter);
    return typeof parameter === 'string' ? storable(parameter) : parameter;
  });
}

/**
 * The server's text cannot hold U+0000, and a document of a node's movement may: a batch with one would fail for ever, and all
 * behind it wait. It becomes what half a character becomes, whoever writes it or asks for it.
 */
function storable(text: string): string {
  return text.replaceAll('\u0000', '\ufffd');
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
  if (typeof element === 'string') return `"${storable(element).replace(/[\\"]/g, '\\$&')}"`;
  return `"\\\\x${Buffer.from(element.buffer, element.byteOffset, element.byteLength).toString('hex')}"`;
}
