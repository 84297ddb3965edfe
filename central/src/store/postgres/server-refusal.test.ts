import { expect, it } from 'vitest';
import { isServerRefusal, storeRefused } from './server-refusal.ts';

const failed = (code: string, message = 'the reason') => Object.assign(new Error(message), { code });

it.each([
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'the certificate of the database server cannot be trusted: the reason'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'the certificate of the database server cannot be trusted: the reason'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'the certificate of the database server cannot be trusted: the reason'],
  ['CERT_HAS_EXPIRED', 'the certificate of the database server cannot be trusted: the reason'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'the certificate of the database server cannot be trusted: the reason'],
  ['EPROTO', 'no TLS comes about with the database server: the reason'],
  ['28000', 'the database server does not let central in: the reason'],
  ['42501', 'the database server does not permit what central needs: the reason'],
])('a server that is there and refuses is told from one that is away: %s', (code, message) => {
  expect(isServerRefusal(failed(code))).toBe(true);
  expect(storeRefused(failed(code))).toMatchObject({ message, retryable: true });
});

it.each(['ECONNREFUSED', 'CONNECTION_CLOSED', '57P03', '53300', '40001', '42P01'])('is not one: %s', (code) => {
  expect(isServerRefusal(failed(code))).toBe(false);
});

it('names whose password it is, in whatever language the server speaks', () => {
  const german = failed('28P01', 'Passwort-Authentifizierung für Benutzer »shop« fehlgeschlagen');
  expect(storeRefused(german).message).toBe('the database server refuses the password of "shop"');
});
