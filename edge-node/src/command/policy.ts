import { centralAt, DEFAULT_CENTRAL } from '@edgestock/shared/command/named-door';
import { WrongCall } from '@edgestock/shared/command/wrong-call';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { type ArgsDef, defineCommand } from 'citty';
import { CentralDoor } from '../import/central-door.ts';
import { policyLines } from './policy-file.ts';

/** Lines of one request: what fits one directive. */
const LINES_PER_REQUEST = 500;

const common = {
  central: { type: 'string', default: DEFAULT_CENTRAL, description: 'Address of central', valueHint: 'URL' },
  json: { type: 'boolean', description: 'Print what central says as one JSON object' },
} as const satisfies ArgsDef;
const warehouse = { type: 'positional', required: true, description: 'Its id, like BER1' } as const;
const channel = { type: 'positional', required: true, description: 'Its id, like webshop' } as const;
const file = {
  type: 'positional',
  required: true,
  description: 'CSV file, its first line naming the columns',
} as const;

type Policy = { warehouse: string; class: string; sharePercent: number; safetyStock: number; priority: number };
type Channel = { channel: string; warehouses: readonly string[] | 'all'; buffer: number };

const show = defineCommand({
  meta: { name: 'show', description: 'What central may promise of a warehouse, and in which order it ships.' },
  args: { warehouse, ...common },
  run: async ({ args }) => {
    const door = await doorOf(args.central);
    tell(args.json, await door.get<Policy>(policyPath(args.warehouse)), policyText);
  },
});

const set = defineCommand({
  meta: {
    name: 'set',
    description: 'Changes what is named; the rest of the policy stays. The node hears of it at once.',
  },
  args: {
    warehouse,
    class: { type: 'enum', options: ['distribution-centre', 'store'], description: 'What kind of place it is' },
    share: { type: 'string', description: 'Percent of what may be promised that central gets', valueHint: '0..100' },
    'safety-stock': { type: 'string', description: 'Units of every SKU kept out of every offer', valueHint: 'UNITS' },
    priority: { type: 'string', description: 'Lower ships first', valueHint: 'NUMBER' },
    ...common,
  },
  run: async ({ args }) => {
    const changes = {
      ...(args.class === undefined ? {} : { class: args.class }),
      ...numbered('sharePercent', '--share', args.share),
      ...numbered('safetyStock', '--safety-stock', args['safety-stock']),
      ...numbered('priority', '--priority', args.priority),
    };
    if (Object.keys(changes).length === 0) {
      throw new WrongCall('what shall be set?', 'Name --class, --share, --safety-stock or --priority.');
    }
    const door = await doorOf(args.central);
    const { warehouse: _, ...before } = await door.get<Policy>(policyPath(args.warehouse));
    tell(args.json, await door.put<Policy>(policyPath(args.warehouse), { ...before, ...changes }), policyText);
  },
});

const skus = defineCommand({
  meta: {
    name: 'skus',
    description:
      'Where SKUs differ from their warehouse: a CSV file with sku, share_percent, safety_stock. Empty cells: no difference.',
  },
  args: { warehouse, file, ...common },
  run: async ({ args }) => {
    const lines = await policyLines(args.file, ['share_percent', 'safety_stock']);
    const rules = lines.map(({ sku, numbers }) => ({
      sku,
      ...(numbers.share_percent === undefined ? {} : { sharePercent: numbers.share_percent }),
      ...(numbers.safety_stock === undefined ? {} : { safetyStock: numbers.safety_stock }),
    }));
    await putLines(await doorOf(args.central), `/v1/warehouses/${encodeURIComponent(args.warehouse)}/sku-policies`, {
      rules,
    });
    tell(
      args.json,
      { warehouse: args.warehouse, rules: rules.length },
      () => `Set ${rules.length} SKUs of ${args.warehouse}.`,
    );
  },
});

const channels = defineCommand({
  meta: {
    name: 'channels',
    description: 'The places that sell, whose stock each may promise, and what it keeps unsold.',
  },
  args: common,
  run: async ({ args }) => {
    const door = await doorOf(args.central);
    const said = await door.get<{ channels: readonly Channel[] }>('/v1/channels');
    tell(args.json, said, (all) => all.channels.map(channelText).join('\n'));
  },
});

const setChannel = defineCommand({
  meta: { name: 'channel', description: 'Makes a channel, or changes what is named of it.' },
  args: {
    channel,
    warehouses: { type: 'string', description: 'Whose stock it may promise', valueHint: 'BER1,HAM1 or all' },
    buffer: { type: 'string', description: 'Units of each SKU that it keeps unsold', valueHint: 'UNITS' },
    ...common,
  },
  run: async ({ args }) => {
    const door = await doorOf(args.central);
    const known = await door.get<{ channels: readonly Channel[] }>('/v1/channels');
    const before = known.channels.find((one) => one.channel === args.channel) ?? { warehouses: 'all', buffer: 0 };
    const listed = args.warehouses?.split(',').map((text) => text.trim());
    const record = {
      warehouses: args.warehouses === 'all' ? 'all' : (listed ?? before.warehouses),
      ...{ buffer: before.buffer, ...numbered('buffer', '--buffer', args.buffer) },
    };
    tell(args.json, await door.put<Channel>(`/v1/channels/${encodeURIComponent(args.channel)}`, record), channelText);
  },
});

const buffers = defineCommand({
  meta: {
    name: 'buffers',
    description: "SKUs with a buffer of their own: a CSV file with sku, buffer. Empty: the channel's again.",
  },
  args: { channel, file, ...common },
  run: async ({ args }) => {
    const lines = await policyLines(args.file, ['buffer']);
    const set = lines.map(({ sku, numbers }) => ({ sku, buffer: numbers.buffer ?? null }));
    await putLines(await doorOf(args.central), `/v1/channels/${encodeURIComponent(args.channel)}/buffers`, {
      buffers: set,
    });
    tell(args.json, { channel: args.channel, buffers: set.length }, () => `Set ${set.length} SKUs of ${args.channel}.`);
  },
});

/** `edgestock policy`: how much of whose stock central may promise, and where it is sold. */
export const command = defineCommand({
  meta: {
    name: 'policy',
    description: 'How much of whose stock central may promise, and what channels keep unsold.',
  },
  subCommands: { show, set, skus, channels, channel: setChannel, buffers },
});

async function doorOf(address: string): Promise<CentralDoor> {
  const { door } = await centralAt({ flag: '--central', address });
  return new CentralDoor({ door, clock: systemClock, random: systemRandom });
}

/** Each request is whole states: after a failure the same command again is as good as once. */
async function putLines(
  door: CentralDoor,
  path: string,
  body: Readonly<Record<string, readonly object[]>>,
): Promise<void> {
  for (const [name, lines] of Object.entries(body)) {
    for (let from = 0; from < lines.length; from += LINES_PER_REQUEST) {
      await door.put(path, { [name]: lines.slice(from, from + LINES_PER_REQUEST) });
    }
  }
}

function numbered<Name extends string>(name: Name, flag: string, text: string | undefined): { [K in Name]?: number } {
  if (text === undefined) return {};
  if (/^\d{1,15}$/.test(text)) return { [name]: Number(text) } as { [K in Name]?: number };
  throw new WrongCall(`${flag} ${text} is not a whole number of up to 15 digits`, 'Write digits only, like 50.');
}

function policyPath(warehouse: string): string {
  return `/v1/warehouses/${encodeURIComponent(warehouse)}/policy`;
}

function tell<Said extends object>(isJson: boolean | undefined, said: Said, text: (said: Said) => string): void {
  console.log(isJson === true ? JSON.stringify(said) : text(said));
}

function policyText({ warehouse, class: kind, sharePercent, safetyStock, priority }: Policy): string {
  return `${warehouse}: ${kind}, ${sharePercent} % granted to central, safety stock ${safetyStock}, priority ${priority}`;
}

function channelText({ channel, warehouses, buffer }: Channel): string {
  return `${channel}: ${warehouses === 'all' ? 'all warehouses' : warehouses.join(', ')}, buffer ${buffer}`;
}
