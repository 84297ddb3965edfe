import { parseSku, parseWarehouseId, type Sku, type WarehouseId } from '@edgestock/shared/inventory/ids';
import type { ProblemItem } from '@edgestock/shared/runtime/problem';
import type { HttpContext } from './dependencies.ts';
import { refuseQuestion } from './problems.ts';

/** The parameters of one request's query. A name that the route does not know is refused, and one that stands twice: it would be ignored in silence. */
export class Query {
  readonly #values: Readonly<Record<string, string[]>>;

  /** `lists` are the names that may stand several times. */
  constructor(context: HttpContext, names: readonly string[], lists: readonly string[] = []) {
    this.#values = context.req.queries();
    const known = names.length === 0 ? 'this route takes none' : `known here: ${names.join(', ')}`;
    const faults = Object.entries(this.#values).flatMap(([path, values]): ProblemItem[] => {
      if (!names.includes(path)) {
        return [{ code: 'unknown-parameter', message: `${path} is not a parameter; ${known}`, path }];
      }
      if (values.length === 1 || lists.includes(path)) return [];
      return [{ code: 'parameter-repeated', message: `${path} stands ${values.length} times: name it once`, path }];
    });
    if (faults.length > 0) refuseQuestion(...faults);
  }

  has(name: string): boolean {
    return this.#values[name] !== undefined;
  }

  /** All values of a parameter, whether it stands once with commas or several times. */
  list(name: string): readonly string[] {
    return (this.#values[name] ?? []).flatMap((value) => value.split(','));
  }

  /** A whole number within bounds, both included; `undefined` when it is not given. */
  wholeNumber(name: string, bounds: { readonly min: number; readonly max: number }): number | undefined {
    const text = this.#values[name]?.at(-1);
    if (text === undefined) return undefined;
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isSafeInteger(value) && value >= bounds.min && value <= bounds.max) return value;
    return refuseQuestion({
      code: 'parameter-invalid',
      message: `${name} must be a whole number from ${bounds.min} to ${bounds.max}`,
      path: name,
    });
  }

  /** One of the names; `undefined` when it is not given. */
  oneOf<const Names extends readonly string[]>(name: string, names: Names): Names[number] | undefined {
    const text = this.#values[name]?.at(-1);
    if (text === undefined || names.includes(text)) return text;
    return refuseQuestion({
      code: 'parameter-invalid',
      message: `${name} must be one of ${names.join(', ')}`,
      path: name,
    });
  }

  /** Rows of a page. */
  limit(limits: { readonly pageRowsDefault: number; readonly pageRowsMax: number }): number {
    return this.wholeNumber('limit', { min: 1, max: limits.pageRowsMax }) ?? limits.pageRowsDefault;
  }

  /** A place in the log. */
  sequence(name: string): number | undefined {
    return this.wholeNumber(name, { min: 0, max: Number.MAX_SAFE_INTEGER });
  }

  /** A text as it stands; `undefined` when it is not given. */
  text(name: string): string | undefined {
    return this.#values[name]?.at(-1);
  }

  warehouse(name: string): WarehouseId | undefined {
    const value = this.#values[name]?.at(-1);
    if (value === undefined) return undefined;
    const message = `${name} must be a warehouse id: 1 to 32 letters, digits, _ or -`;
    return parseWarehouseId(value) ?? refuseQuestion({ code: 'warehouse-malformed', message, path: name });
  }

  sku(name: string): Sku | undefined {
    const value = this.#values[name]?.at(-1);
    return value === undefined ? undefined : skuIn(value, name);
  }
}

/** The SKU that a part of the URL names, or a refusal. */
export function skuIn(value: string, path: string): Sku {
  const message = `${path} must be a SKU: 1 to 64 characters without commas, control characters or outer spaces`;
  return parseSku(value) ?? refuseQuestion({ code: 'sku-malformed', message, path });
}
