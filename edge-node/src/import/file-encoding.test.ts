import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { EncodingWrong, type FileEncoding, ToUtf8 } from './file-encoding.ts';

/** In pieces of `pieceBytes`, so that characters, CRLFs and the byte order mark are cut in two. */
async function read(bytes: Buffer, told: FileEncoding = 'utf8', pieceBytes = 1): Promise<string> {
  const stream = new ToUtf8(told);
  for (let at = 0; at < bytes.length; at += pieceBytes) stream.write(bytes.subarray(at, at + pieceBytes));
  stream.end();
  return await text(stream);
}

async function refusal(bytes: Buffer, told?: FileEncoding, pieceBytes?: number): Promise<EncodingWrong> {
  const thrown = await read(bytes, told, pieceBytes).catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(EncodingWrong);
  return thrown as EncodingWrong;
}

const words = 'sku,name\r\nA,Café 5 €\r\nB,茶 🍵\r\n';
const western = 'A,Café 5 \u0080\n';

describe('the text of a file', () => {
  it.each([1, 2, 3, 5, 1_000])('comes through in pieces of %i bytes', async (pieceBytes) => {
    expect(await read(Buffer.from(words), 'utf8', pieceBytes)).toBe(words);
    expect(await read(Buffer.from(words, 'utf16le'), 'utf16le', pieceBytes)).toBe(words);
    expect(await read(Buffer.from(western, 'latin1'), 'latin1', pieceBytes)).toBe('A,Café 5 €\n');
    expect(await read(Buffer.from(western, 'latin1'), 'windows-1252', pieceBytes)).toBe('A,Café 5 €\n');
  });

  it('is known by its byte order mark, whatever was told', async () => {
    const marked = Buffer.from(`\ufeff${words}`, 'utf16le');
    expect(await read(marked, 'latin1')).toBe(words);
    expect(await read(Buffer.from(marked).swap16(), 'utf8')).toBe(words);
    expect(await read(Buffer.from('\ufeffé'), 'latin1')).toBe('é');
  });

  it('may be shorter than a byte order mark, or nothing', async () => {
    expect([await read(Buffer.from('')), await read(Buffer.from('é'), 'utf8'), await read(Buffer.from('a'))]).toEqual([
      '',
      'é',
      'a',
    ]);
  });

  it.each([1, 7, 1_000])('that is not UTF-8 is refused by line, in pieces of %i bytes', async (pieceBytes) => {
    const wrong = await refusal(Buffer.from('sku\r\nA\rB\n"two\nlines"\r\ncaf\xe9,x\nD', 'latin1'), 'utf8', pieceBytes);
    expect([wrong.code, wrong.line]).toEqual(['not-utf8', 6]);
    expect(wrong.message).toContain('--encoding latin1');
  });

  it('that ends within a character is refused at its last line', async () => {
    expect((await refusal(Buffer.from('a\nb\nc\xe2\x82', 'latin1'))).line).toBe(3);
  });

  it('with NUL bytes is refused with a hint at UTF-16, in whatever encoding they are', async () => {
    const unmarked = Buffer.from('sku\nA\n', 'utf16le');
    expect((await refusal(unmarked)).message).toContain('--encoding utf16le');
    expect((await refusal(unmarked, 'latin1', 1_000)).line).toBe(1);
  });

  it('that is cut within a UTF-16 unit, or has half a surrogate, is refused', async () => {
    const whole = Buffer.from('sku\nA\n', 'utf16le');
    expect((await refusal(whole.subarray(0, -1), 'utf16le')).code).toBe('not-utf16');
    expect((await refusal(Buffer.from('a\nb\ud800c\n', 'utf16le'), 'utf16le')).line).toBe(2);
  });
});
