import { parseSku, parseWarehouseId, type Sku, type WarehouseId } from '@edgestock/shared/inventory/ids';
import { type Condition, conditions } from '@edgestock/shared/inventory/movement';
import { LINE_QUANTITY_MAX } from '@edgestock/shared/inventory/quantity';
import type { Columns } from './columns.ts';
import type { RowProblem } from './row-problem.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are exactly what is refused
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/u;

/** What a program writes for a character that it could not read. */
const LOST = '\ufffd';

/** The cells of one row by column name, read one after another; what is wrong with them is collected, so that a row tells all of it. */
export class RowFields {
  readonly problems: RowProblem[] = [];
  readonly #line: number;
  readonly #cells: readonly string[];
  readonly #columns: Columns;

  constructor(line: number, cells: readonly string[], columns: Columns) {
    this.#line = line;
    this.#cells = cells;
    this.#columns = columns;
  }

  problem(code: string, message: string): undefined {
    this.problems.push({ line: this.#line, code, message });
    return undefined;
  }

  has(column: string): boolean {
    return this.#columns.has(column);
  }

  /** The cell without outer spaces; empty when the file has no such column. */
  cell(column: string): string {
    const index = this.#columns.get(column);
    return index === undefined ? '' : (this.#cells[index] ?? '').trim();
  }

  sku(): Sku | undefined {
    const text = this.cell('sku');
    if (text === '') return undefined;
    if (text.includes(LOST)) return this.#lost('sku', text);
    return (
      parseSku(text) ??
      this.problem(
        'sku-malformed',
        `${quoted(text)} cannot be a SKU: 1 to 64 characters, no commas, no control characters`,
      )
    );
  }

  /** Text for people to read: whatever else is in it, line breaks above all, becomes a space. */
  name(charsMax: number): string | undefined {
    return this.#text(
      'name',
      this.cell('name')
        .replace(/[\s\p{Cc}\u2028\u2029]+/gu, ' ')
        .trim(),
      charsMax,
    );
  }

  /** Text that is compared: taken exactly or not at all. */
  text(column: string, charsMax: number): string | undefined {
    return this.#text(column, this.cell(column), charsMax);
  }

  #text(column: string, text: string, charsMax: number): string | undefined {
    if (text === '') return undefined;
    if (text.includes(LOST)) return this.#lost(column, text);
    if (text.length > charsMax) {
      return this.problem(`${column}-too-long`, `${column} has ${text.length} characters; ${charsMax} is the most`);
    }
    if (CONTROL_CHARACTERS.test(text))
      return this.problem(`${column}-malformed`, `${column} has control characters in it`);
    return text;
  }

  wholeNumber(column: string, bounds: { min: number; max: number }): number | undefined {
    const text = this.cell(column);
    if (/^\d{1,15}$/.test(text)) {
      const value = Number(text);
      if (value >= bounds.min && value <= bounds.max) return value;
    }
    return this.problem(`${column}-invalid`, `${column} ${quoted(text)} ${whyNotWhole(text, bounds)}`);
  }

  date(column: string): string | undefined {
    const text = this.cell(column);
    if (text === '') return undefined;
    const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
    // The 30th of February parses as a day of March.
    if (!Number.isNaN(time) && new Date(time).toISOString().startsWith(text)) return text;
    return this.problem(`${column}-invalid`, `${column} ${quoted(text)} is not a date of the form 2026-03-31`);
  }

  /** `BER1|HAM1`; `undefined` when the row names none, or one that cannot be. */
  warehouses(): readonly WarehouseId[] | undefined {
    const texts = this.cell('warehouses')
      .split('|')
      .map((text) => text.trim());
    const named = [...new Set(texts.filter((text) => text !== ''))].sort();
    const wrong = named.find((text) => parseWarehouseId(text) === undefined);
    if (wrong !== undefined) {
      const message = `warehouse ${quoted(wrong)} cannot be one: write them like BER1|HAM1, or nothing for all`;
      return this.problem('warehouse-malformed', message);
    }
    return named.length === 0 ? undefined : (named as WarehouseId[]);
  }

  condition(): Condition | undefined {
    const text = this.cell('condition').toLowerCase();
    if (text === '') return 'sellable';
    return (
      conditions.find((name) => name === text) ??
      this.problem('condition-unknown', `condition ${quoted(text)} is none of ${conditions.join(', ')}`)
    );
  }

  #lost(column: string, text: string): undefined {
    const message = `${column} ${quoted(text)} has lost characters before it was saved (each became \ufffd): export it again, in UTF-8`;
    return this.problem('characters-lost', message);
  }
}

export function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}

function whyNotWhole(text: string, { min, max }: { min: number; max: number }): string {
  if (text === '') return 'is empty: write 0 for none';
  if (/^-\d+$/.test(text)) return 'is negative: a file states what is there, which is 0 at least';
  if (/^\d+[.,]\d+$/.test(text)) {
    return 'is not a whole number of units (write thousands without a mark; goods by weight have grams as their unit)';
  }
  return /^\d+$/.test(text)
    ? `is not between ${min} and ${Math.min(max, LINE_QUANTITY_MAX)}`
    : 'is not a whole number of units';
}
