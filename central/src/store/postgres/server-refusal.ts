import { StoreRefused } from '../store-refused.ts';
import { codeOf } from './failures.ts';

/** What the address asked for, and the server answered that it does not have. */
export class TlsNotOffered extends Error {
  override readonly name = 'TlsNotOffered';
  readonly code = 'TLS_NOT_OFFERED';
}

type Words = { readonly codes: RegExp; readonly says: (reason: string) => string; readonly hint: string };

const WHERE = 'EDGESTOCK_CENTRAL_STORE or --store';

/** In the order in which somebody would look for them. */
const refusals: readonly Words[] = [
  {
    codes: /^TLS_NOT_OFFERED$/,
    says: () => 'the database server has no TLS, which the address asks for',
    hint: `Turn it on at the server (ssl = on). On a line that nobody else can hear, leave sslmode out of the address (${WHERE}).`,
  },
  {
    codes:
      /^(CERT_|ERR_TLS_CERT_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_|UNABLE_TO_(GET|VERIFY)_|HOSTNAME_MISMATCH|INVALID_)/,
    says: (reason) => `the certificate of the database server cannot be trusted: ${reason}`,
    hint: 'Name the file of the authority that has signed it in NODE_EXTRA_CA_CERTS, and the host as the certificate does; renew one that has expired. sslmode=require hides what is sent without asking who the server is.',
  },
  {
    codes: /^(EPROTO|ERR_SSL_)/,
    says: (reason) => `no TLS comes about with the database server: ${reason}`,
    hint: 'Is it a PostgreSQL server that listens there, and are its versions of TLS ones that this release knows?',
  },
  {
    codes: /^28P01$/,
    says: (reason) => `the database server refuses the password of ${named(reason) ?? 'its user'}`,
    hint: `Is it right in PGPASSWORD, or in the address (${WHERE})? Central has to be started again with another one; when the server is given the one that central has (ALTER ROLE ... PASSWORD), central goes on by itself.`,
  },
  {
    codes: /^28...$/,
    says: (reason) => `the database server does not let central in: ${reason}`,
    hint: 'Is the role there, with LOGIN, does pg_hba.conf let it in from here, and does that ask for TLS (sslmode=require in the address)?',
  },
  {
    codes: /^3D000$/,
    says: (reason) => `the database server has no such database: ${reason}`,
    hint: `Make it with createdb, restore it, or put the address right (${WHERE}).`,
  },
  {
    codes: /^42501$/,
    says: (reason) => `the database server does not permit what central needs: ${reason}`,
    hint: 'Give the role of the address what it lacks: the tables are its own, made by itself, in a schema in which it may make them (ALTER ... OWNER TO, GRANT CREATE ON SCHEMA).',
  },
];

export function isServerRefusal(error: unknown): boolean {
  return wordsOf(error) !== undefined;
}

/** What keeps a central from its store, in the words of the port. */
export function storeRefused(cause: unknown): StoreRefused {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const words = wordsOf(cause);
  if (words !== undefined) return new StoreRefused(words.says(reason), words.hint, { cause });
  const hint = `Look at the address of the database (${WHERE}) and at the log of its server.`;
  return new StoreRefused(`the store cannot be opened: ${reason}`, hint, { cause });
}

function wordsOf(error: unknown): Words | undefined {
  const code = codeOf(error);
  return code === undefined ? undefined : refusals.find(({ codes }) => codes.test(code));
}

/** What the server's own sentence, in whatever language, has between quotation marks. */
function named(reason: string): string | undefined {
  const [, name] = /["«»„“](.+?)["«»“”]/.exec(reason) ?? [];
  return name === undefined ? undefined : `"${name}"`;
}
