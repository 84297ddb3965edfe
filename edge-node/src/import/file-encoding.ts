import { isUtf8 } from 'node:buffer';
import { Transform, type TransformCallback } from 'node:stream';

/** What a file may be told to be written in. A byte order mark is unmistakable and goes before what was told. */
export const fileEncodings = ['utf8', 'latin1', 'windows-1252', 'utf16le'] as const;
export type FileEncoding = (typeof fileEncodings)[number];

/** The bytes of a file are not what its encoding writes: read on, they would become characters that nobody wrote. */
export class EncodingWrong extends Error {
  override readonly name = 'EncodingWrong';
  readonly code: 'not-utf8' | 'not-utf16';
  /** Of the file, counted from 1. */
  readonly line: number;

  constructor(code: EncodingWrong['code'], line: number, message: string) {
    super(message);
    this.code = code;
    this.line = line;
  }
}

const BOM_BYTES_MAX = 3;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * Bytes of a file in, UTF-8 out, piece by piece: no more than a piece is held. Ends with `EncodingWrong` at the first line that
 * is not in the file's encoding. UTF-8 is checked and passed on as it is, which costs next to nothing.
 */
export class ToUtf8 extends Transform {
  readonly #told: FileEncoding;
  /** The file's beginning, until it is long enough to see whether it has a byte order mark. */
  #head: Buffer | undefined = Buffer.alloc(0);
  #text: Utf8Check | Decoding = new Utf8Check();

  constructor(told: FileEncoding) {
    super();
    this.#told = told;
  }

  override _transform(piece: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    answerWith(done, () => {
      if (this.#head === undefined) return this.#text.take(piece);
      this.#head = Buffer.concat([this.#head, piece]);
      return this.#head.length < BOM_BYTES_MAX ? Buffer.alloc(0) : this.#begin(this.#head);
    });
  }

  override _flush(done: TransformCallback): void {
    answerWith(done, () => {
      const begun = this.#head === undefined ? Buffer.alloc(0) : this.#begin(this.#head);
      return Buffer.concat([begun, this.#text.end()]);
    });
  }

  #begin(head: Buffer): Buffer {
    this.#head = undefined;
    this.#text = textOf(head, this.#told);
    return this.#text.take(head);
  }
}

function answerWith(done: TransformCallback, step: () => Buffer): void {
  let output: Buffer;
  try {
    output = step();
  } catch (error) {
    if (!(error instanceof EncodingWrong)) throw error;
    done(error);
    return;
  }
  done(null, output);
}

function textOf(head: Buffer, told: FileEncoding): Utf8Check | Decoding {
  if (head[0] === 0xff && head[1] === 0xfe) return new Decoding('utf-16le');
  if (head[0] === 0xfe && head[1] === 0xff) return new Decoding('utf-16be');
  if (told === 'utf8' || (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf)) return new Utf8Check();
  if (told === 'utf16le') return new Decoding('utf-16le');
  // As everywhere on the web: what calls itself Latin-1 is windows-1252, which has characters where Latin-1 has control codes.
  return new Decoding('windows-1252');
}

/** Passes UTF-8 on; a character that a piece cuts in two waits for its other half. */
class Utf8Check {
  #waiting: Buffer = Buffer.alloc(0);
  #breaksBefore = new LineBreaks();

  take(piece: Buffer): Buffer {
    const bytes = this.#waiting.length === 0 ? piece : Buffer.concat([this.#waiting, piece]);
    const whole = bytes.subarray(0, bytes.length - unfinishedBytes(bytes));
    this.#waiting = Buffer.from(bytes.subarray(whole.length));
    return this.#checked(whole);
  }

  end(): Buffer {
    return this.#checked(this.#waiting);
  }

  #checked(bytes: Buffer): Buffer {
    if (isUtf8(bytes) && !bytes.includes(0)) {
      this.#breaksBefore.count(bytes);
      return bytes;
    }
    const bad = firstBadLine(bytes);
    this.#breaksBefore.count(bytes.subarray(0, bad.begin));
    const line = this.#breaksBefore.total + 1;
    if (bytes.subarray(bad.begin, bad.end).includes(0)) throw nulBytes(line);
    const message =
      'this line is not UTF-8: many older systems export Latin-1, so try --encoding latin1, or save the file as "CSV UTF-8"';
    throw new EncodingWrong('not-utf8', line, message);
  }
}

/** Any other encoding. */
class Decoding {
  readonly #decoder: InstanceType<typeof TextDecoder>;
  readonly #breaksBefore = new LineBreaks();

  constructor(encoding: 'utf-16le' | 'utf-16be' | 'windows-1252') {
    this.#decoder = new TextDecoder(encoding, { fatal: true });
  }

  take(piece: Buffer): Buffer {
    return this.#checked(() => this.#decoder.decode(piece, { stream: true }));
  }

  end(): Buffer {
    return this.#checked(() => this.#decoder.decode());
  }

  #checked(decode: () => string): Buffer {
    let bytes: Buffer;
    try {
      bytes = Buffer.from(decode());
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      const message = `the file is not UTF-16, or damaged, at this line or below it: try without --encoding, or save it as "CSV UTF-8"`;
      throw new EncodingWrong('not-utf16', this.#breaksBefore.total + 1, message);
    }
    const nul = bytes.indexOf(0);
    this.#breaksBefore.count(nul < 0 ? bytes : bytes.subarray(0, nul));
    if (nul >= 0) throw nulBytes(this.#breaksBefore.total + 1);
    return bytes;
  }
}

/** Text read a byte at a time that was written two bytes at a time. */
function nulBytes(line: number): EncodingWrong {
  const message = 'this line has NUL bytes, as UTF-16 has: try --encoding utf16le, or save the file as "CSV UTF-8"';
  return new EncodingWrong('not-utf8', line, message);
}

/** Line breaks of all that was counted: CRLF is one of them, also where a piece ends between the two. */
class LineBreaks {
  total = 0;
  #endsInReturn = false;

  count(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (this.#endsInReturn && bytes[0] === LINE_FEED) this.total -= 1;
    for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) this.total += 1;
    for (let at = bytes.indexOf(CARRIAGE_RETURN); at >= 0; at = bytes.indexOf(CARRIAGE_RETURN, at + 1)) {
      if (bytes[at + 1] !== LINE_FEED) this.total += 1;
    }
    this.#endsInReturn = bytes.at(-1) === CARRIAGE_RETURN;
  }
}

function firstBadLine(bytes: Buffer): { readonly begin: number; readonly end: number } {
  let begin = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    if (bytes[at] !== LINE_FEED && bytes[at] !== CARRIAGE_RETURN) continue;
    const line = bytes.subarray(begin, at);
    if (!isUtf8(line) || line.includes(0)) return { begin, end: at };
    begin = at + 1;
  }
  return { begin, end: bytes.length };
}

/** Bytes at the end that begin a character and do not finish it. */
function unfinishedBytes(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return bytesOfCharacter(byte) > back ? back : 0;
  }
  return 0;
}

function bytesOfCharacter(first: number): number {
  if (first >= 0xf0) return 4;
  return first >= 0xe0 ? 3 : 2;
}
