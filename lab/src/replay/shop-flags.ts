import { type FileEncoding, fileEncodings } from '@edgestock/edge-node/import/file-encoding';
import { WrongCall } from '@edgestock/shared/command/wrong-call';
import { listOf } from '@edgestock/shared/runtime/list-of';
import type { ArgsDef } from 'citty';
import { type ColumnMapping, parseColumnMapping } from './columns.ts';
import { byReceipt, byStoreOrReceipt } from './destination.ts';
import type { Interpretation } from './interpretation.ts';
import { defaultServices, serviceRule } from './services.ts';
import { timeReader } from './timestamp.ts';

/** How a shop's file is to be read: the same flags wherever one is replayed. */
export const shopArgs = {
  columns: {
    type: 'string',
    valueHint: 'field=column,...',
    description:
      'Which column holds what: store, sku, quantity, receipt, at, till, kind, price, name. Without it, columns of these names.',
  },
  encoding: {
    type: 'enum',
    options: [...fileEncodings],
    default: 'utf8',
    description: 'What the file is written in, unless it has a byte order mark; a file that is not is refused',
  },
  services: {
    type: 'string',
    valueHint: 'code,...',
    description: `Codes that are no goods (* stands for anything); default ${defaultServices.join(',')}. Empty: all are goods.`,
  },
  'cancellation-prefix': {
    type: 'string',
    default: 'C',
    valueHint: 'PREFIX',
    description: 'Receipts that begin with this and a digit take goods back. Empty: there are none.',
  },
  'accounting-prefix': {
    type: 'string',
    default: 'A',
    valueHint: 'PREFIX',
    description: 'Receipts that begin with this and a digit move no goods. Empty: there are none.',
  },
  zone: {
    type: 'string',
    valueHint: 'Europe/London',
    description: 'Zone of the times that have none of their own. Without it such times are left out, not guessed.',
  },
} as const satisfies ArgsDef;

export type ShopFlags = {
  readonly columns?: string | undefined;
  readonly encoding: string;
  readonly services?: string | undefined;
  readonly 'cancellation-prefix': string;
  readonly 'accounting-prefix': string;
  readonly zone?: string | undefined;
};

export type Shop = {
  readonly mapping: ColumnMapping | undefined;
  readonly encoding: FileEncoding;
  readonly interpretation: Interpretation;
};

/**
 * `spreadOver` are the warehouses of receipts that name none; `isSpread` spreads all of them, stores or not. Throws
 * `WrongCall`.
 */
export function shopOf(
  flags: ShopFlags,
  { spreadOver, isSpread }: { readonly spreadOver: readonly string[]; readonly isSpread: boolean },
): Shop {
  const services = flags.services === undefined ? defaultServices : listOf(flags.services);
  return {
    mapping: flags.columns ? parseColumnMapping(flags.columns) : undefined,
    encoding: fileEncodings.find((encoding) => encoding === flags.encoding) ?? 'utf8',
    interpretation: {
      isService: serviceRule(services),
      cancellationPrefix: flags['cancellation-prefix'],
      accountingPrefix: flags['accounting-prefix'],
      readTime: timeReader(zoneOf(flags.zone)),
      destination: isSpread ? byReceipt(spreadOver) : byStoreOrReceipt(spreadOver),
    },
  };
}

function zoneOf(text: string | undefined): string | undefined {
  if (!text) return undefined;
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: text }).resolvedOptions().timeZone;
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new WrongCall(`--zone ${text} is no time zone`, 'Write its IANA name, for example Europe/London.');
  }
}
