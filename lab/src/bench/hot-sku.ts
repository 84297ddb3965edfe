import { join } from 'node:path';
import { ServiceStack } from '@edgestock/shared/runtime/service';
import { requestJson } from '../api/json-request.ts';
import { figureAgainstBound, figureAgainstFloor } from './figure.ts';
import { interleaved, type Side } from './interleaved.ts';
import type { LoadOrder, LoadReply } from './load/load-process.ts';
import type { PostgresReservationsOrder, PostgresReservationsReply } from './peer/postgres-reservations-process.ts';
import { startPostgres } from './peer/postgres-server.ts';
import type { RedisReservationsOrder, RedisReservationsReply } from './peer/redis-reservations-process.ts';
import { startRedis } from './peer/redis-server.ts';
import { Helper } from './process/helper.ts';
import { startPromisingCentral } from './promising-central.ts';
import { type Bench, type BenchRun, PeerMissing } from './run.ts';

const CONNECTIONS = 64;
const ROW_LOCK_RATIO_MIN = 10;
const HOT = 'HOT-1';
/** More than can be asked for in a run, so that what is measured is promising and not refusing. */
const PLENTY = 1_000_000_000;
/** The second part: as many units as a popular device has at its launch. */
const SCARCE = 'SCARCE-1';
const SCARCE_UNITS = 500;

/** What the product is held against: the same reservations behind the same Hono, and how much better it should be. */
type Peer = {
  readonly url: string;
  readonly floorIs: string;
  readonly ratioMin: number;
  /** What a reader should know of it. */
  readonly note: string;
};

/**
 * N9: reserving one hot SKU over HTTP, every one durable, against the same through PostgreSQL, with a row lock for each request and
 * with one statement, and through a script of Redis, all behind Hono; then a scarce SKU until it is gone, which must be promised
 * exactly as often as there are units.
 */
export const hotSku: Bench = async (run) => {
  const services = new ServiceStack();
  try {
    const peers = await startPeers(services, run);
    const central = services.add(
      'central',
      await startPromisingCentral(join(run.directory, 'n9'), [
        { sku: HOT, quantity: PLENTY },
        { sku: SCARCE, quantity: SCARCE_UNITS },
      ]),
    );
    const load = services.add(
      'load',
      Helper.start<LoadOrder, LoadReply>(new URL('./load/load-process.ts', import.meta.url)),
    );
    const latencies: number[] = [];
    let promised = 0;
    const reserves =
      (url: string, isOurs: boolean): Side =>
      async (durationMs) => {
        const result = await load.order({ url, connections: CONNECTIONS, durationMs, load: 'reservations', sku: HOT });
        if (result.unexpected > 0) throw new Error(`${result.unexpected} reservations were not answered with 201`);
        if (isOurs) {
          latencies.push(result.p99Ms);
          promised += result.answers;
        }
        return result.perSecond;
      };
    const [samples = [], ...peerSamples] = await interleaved(
      [reserves(central.url, true), ...peers.map(({ url }) => reserves(url, false))],
      run.pace,
    );
    const held = await heldOf(central.url, HOT);
    if (held !== promised) throw new Error(`${promised} units were answered with 201, and ${held} are held`);
    const notes = [
      `p99 under this load ${Math.max(...latencies).toFixed(1)} ms at worst`,
      `${promised.toLocaleString('en-US')} units answered with 201, as many held in the store`,
    ];
    return [
      ...peers.map(({ floorIs, ratioMin, note }, index) =>
        figureAgainstFloor(
          {
            id: 'N9',
            what: `reserving one hot SKU over HTTP, ${CONNECTIONS} connections, durable`,
            unit: 'reservations/s',
            notes: [...notes, note],
          },
          { samples, floorSamples: peerSamples[index] ?? [], floorIs, ratio: { atLeast: ratioMin } },
        ),
      ),
      await oversold(central.url, load, run),
    ];
  } finally {
    await services.stop();
  }
};

/** Those that this machine has. Throws `PeerMissing` when it has none. */
async function startPeers(services: ServiceStack, run: BenchRun): Promise<readonly Peer[]> {
  const peers: Peer[] = [];
  const missing: PeerMissing[] = [];
  for (const start of [startPostgresPeers, startRedisPeer]) {
    try {
      peers.push(...(await start(services, run.directory)));
    } catch (error) {
      if (!(error instanceof PeerMissing)) throw error;
      missing.push(error);
    }
  }
  const [first] = missing;
  if (peers.length === 0 && first !== undefined) throw first;
  for (const peer of missing) run.leaveOut('N9', peer);
  return peers;
}

async function startPostgresPeers(services: ServiceStack, directory: string): Promise<readonly Peer[]> {
  const { port, version } = services.add('postgres', await startPostgres(join(directory, 'n9-postgres')));
  const start = async (way: PostgresReservationsOrder['way']) => {
    const peer = Helper.start<PostgresReservationsOrder, PostgresReservationsReply>(
      new URL('./peer/postgres-reservations-process.ts', import.meta.url),
    );
    const { url } = await services.add(way, peer).order({ port, way, sku: HOT, units: PLENTY });
    return url;
  };
  const note = `the peer is ${version}, its settings in lab/src/bench/peer/postgres-server.ts`;
  return [
    {
      url: await start('row-lock'),
      floorIs: 'PostgreSQL row lock for each request behind Hono',
      ratioMin: ROW_LOCK_RATIO_MIN,
      note,
    },
    {
      url: await start('one-statement'),
      floorIs: 'PostgreSQL, one conditional statement for each request behind Hono',
      ratioMin: 1,
      note,
    },
  ];
}

async function startRedisPeer(services: ServiceStack, directory: string): Promise<readonly Peer[]> {
  const redis = services.add('redis', await startRedis(join(directory, 'n9-redis')));
  const peer = Helper.start<RedisReservationsOrder, RedisReservationsReply>(
    new URL('./peer/redis-reservations-process.ts', import.meta.url),
  );
  const { url } = await services.add('redis door', peer).order({ url: redis.url, sku: HOT, units: PLENTY });
  return [
    {
      url,
      floorIs: 'Redis, a Lua script for each request, appendfsync always, behind Hono',
      ratioMin: 1,
      note: `the peer is Redis ${redis.version}, its settings in lab/src/bench/peer/redis-server.ts`,
    },
  ];
}

/** All connections at once on the last units. */
async function oversold(url: string, load: Helper<LoadOrder, LoadReply>, { pace }: BenchRun) {
  const { answers, unexpected } = await load.order({
    url,
    connections: CONNECTIONS,
    durationMs: pace.roundMs,
    load: 'reservations',
    sku: SCARCE,
  });
  const promised = answers - unexpected;
  return figureAgainstBound(
    {
      id: 'N9',
      what: `units of a SKU with ${SCARCE_UNITS} promised beyond them, ${CONNECTIONS} connections`,
      unit: 'oversold',
      notes: [`${promised} of ${SCARCE_UNITS} units promised, ${unexpected.toLocaleString('en-US')} requests refused`],
    },
    { value: Math.max(0, promised - SCARCE_UNITS), bound: { atMost: 0 } },
  );
}

async function heldOf(url: string, sku: string): Promise<number> {
  const { body } = await requestJson(`${url}/v1/stock/${sku}/explain`);
  const { warehouses } = body as { readonly warehouses: readonly { readonly central: { readonly held: number } }[] };
  return warehouses.reduce((sum, { central }) => sum + central.held, 0);
}
