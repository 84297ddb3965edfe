import { mkdirSync } from 'node:fs';
import { type RedisServer, redisProgram, startRedisServer } from '@edgestock/shared/testing/redis-server';
import { childEnvironment } from '../../system/config.ts';
import { PeerMissing } from '../run.ts';

/** Every command durable before it is answered, as the product's are; the rest as it comes, without copies of the whole beside. */
const settings = { appendonly: 'yes', appendfsync: 'always' };
const HOW_TO_GET_IT =
  'Install it (Debian: apt-get install redis-server), or name its program in EDGESTOCK_REDIS_SERVER.';

/** A Redis of its own on an empty folder, gone with it. Throws `PeerMissing` where there is none. */
export function startRedis(directory: string): Promise<RedisServer> {
  if (!hasRedis()) throw new PeerMissing('there is no Redis on this machine', HOW_TO_GET_IT);
  mkdirSync(directory, { recursive: true });
  return startRedisServer(directory, settings);
}

export function hasRedis(): boolean {
  return redisProgram(childEnvironment({}).EDGESTOCK_REDIS_SERVER) !== undefined;
}
