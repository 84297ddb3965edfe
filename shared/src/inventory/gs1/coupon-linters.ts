import { dateLinters } from './date-linters.ts';
import { complain, digitsOnly, type LintCode, type Linter, type LintProblem } from './linter.ts';

/**
 * North American coupons, (8110) and (8112): a run of digits in which single digits announce the length of what follows
 * ("VLI") or the field that comes next. The two identifiers are each one component of up to 70 characters, so that the whole
 * format is a linter.
 */

/** Cuts fields off the front. The first complaint stays; after it nothing is left to read, and later ones are not heard. */
class CouponReader {
  readonly #data: string;
  #position = 0;
  #problem: LintProblem | undefined;

  constructor(data: string) {
    this.#data = data;
  }

  /** One digit out of `allowed`. `names`: how the complaints call the field where they do not use its name. */
  digit(field: string, allowed: string, names: { readonly missing?: string; readonly invalid?: string } = {}): string {
    const digit = this.#data.charAt(this.#position);
    if (digit === '') this.#complainOfRest(`coupon-missing-${names.missing ?? field}`);
    else if (!allowed.includes(digit)) this.#complain(`coupon-invalid-${names.invalid ?? field}`, this.#position, 1);
    else this.#position++;
    return digit;
  }

  /** A field of exactly `length` digits. */
  digits(field: string, length: number, fault: 'truncated' | 'too-short-for' = 'truncated'): string {
    const digits = this.#data.slice(this.#position, this.#position + length);
    if (digits.length < length) this.#complainOfRest(`coupon-${fault}-${field}`);
    else this.#position += length;
    return digits;
  }

  /** A digit that says how much longer than `shortest` the field behind it is; `absent` stands for no field at all. */
  counted(field: string, allowed: string, shortest: number, absent?: string): void {
    const count = this.digit(field, allowed, { missing: `${field}-vli`, invalid: `${field}-length` });
    if (count !== absent) this.digits(field, shortest + Number(count));
  }

  /** A date, which must exist. */
  date(field: string): string {
    const digits = this.digits(field, DATE_LENGTH, 'too-short-for');
    if (dateLinters.yymmdd(digits)) this.complainOfDate(`coupon-invalid-${field}`);
    return digits;
  }

  /** Complains of the date just read. */
  complainOfDate(code: LintCode): void {
    this.#complain(code, this.#position - DATE_LENGTH, DATE_LENGTH);
  }

  /** Takes the digit that announces a field, if it is the one given. */
  announces(indicator: string): boolean {
    if (this.#data.charAt(this.#position) !== indicator) return false;
    this.#position++;
    return true;
  }

  end(): LintProblem | undefined {
    if (this.#position < this.#data.length) this.#complainOfRest('coupon-excess-data');
    return this.#problem;
  }

  /** Complains of what is left, or of everything where nothing is left to point at. */
  #complainOfRest(code: LintCode): void {
    const start = this.#position < this.#data.length ? this.#position : 0;
    this.#complain(code, start, this.#data.length - start);
  }

  #complain(code: LintCode, start: number, length: number): void {
    this.#problem ??= complain(code, start, length);
    this.#position = this.#data.length;
  }
}

function linterOf(read: (reader: CouponReader) => void): Linter {
  return (data) => {
    const strange = digitsOnly(data);
    if (strange) return strange;
    const reader = new CouponReader(data);
    read(reader);
    return reader.end();
  };
}

const DATE_LENGTH = 6;
const PREFIX_LENGTH_MIN = 6;
const SERIAL_LENGTH_MIN = 6;
const ANY_DIGIT = '0123456789';

/** Paperless coupon (8112): format, funder, offer, serial number. */
const couponposoffer = linterOf((reader) => {
  reader.digit('format-code', '01');
  reader.counted('funder', '0123456', PREFIX_LENGTH_MIN);
  reader.digits('offer-code', 6);
  reader.counted('serial-number', ANY_DIGIT, SERIAL_LENGTH_MIN);
});

/** Printed coupon (8110): the first purchase, then optional fields in ascending order of the digit that announces them. */
const couponcode = linterOf((reader) => {
  reader.counted('gcp', '0123456', PREFIX_LENGTH_MIN);
  reader.digits('offer-code', 6);
  reader.counted('save-value', '12345', 0);
  purchase(reader, '1st');
  if (reader.announces('1')) {
    reader.digit('additional-purchase-rules-code', '0123');
    purchase(reader, '2nd');
    reader.counted('2nd-purchase-gcp', '01234569', PREFIX_LENGTH_MIN, '9');
  }
  if (reader.announces('2')) {
    purchase(reader, '3rd');
    reader.counted('3rd-purchase-gcp', '01234569', PREFIX_LENGTH_MIN, '9');
  }
  period(reader);
  if (reader.announces('5')) reader.counted('serial-number', ANY_DIGIT, SERIAL_LENGTH_MIN);
  if (reader.announces('6')) reader.counted('retailer-gcp-or-gln', '1234567', PREFIX_LENGTH_MIN);
  if (reader.announces('9')) {
    reader.digit('save-value-code', '01256');
    reader.digit('save-value-applies-to-item', '012');
    reader.digit('store-coupon-flag', ANY_DIGIT);
    reader.digit('dont-multiply-flag', '01');
  }
});

function purchase(reader: CouponReader, which: '1st' | '2nd' | '3rd'): void {
  reader.counted(`${which}-purchase-requirement`, '12345', 0);
  reader.digit(`${which}-purchase-requirement-code`, '012349');
  reader.digits(`${which}-purchase-family-code`, 3);
}

function period(reader: CouponReader): void {
  const expiration = reader.announces('3') ? reader.date('expiration-date') : undefined;
  if (!reader.announces('4')) return;
  const start = reader.date('start-date');
  if (expiration !== undefined && expiration < start) reader.complainOfDate('coupon-expiration-before-start');
}

export const couponLinters = { couponcode, couponposoffer } as const satisfies Record<string, Linter>;
