import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { ConfigError } from '@edgestock/shared/runtime/env';
import { describe, expect, test } from 'vitest';
import { centralSettings, readCentralConfig } from './config.ts';

const exampleFile = join(import.meta.dirname, '../../deploy/env/central.example.env');

describe('the configuration of central', () => {
  test('is complete without any environment', () => {
    expect(readCentralConfig({}, {})).toEqual({
      host: '127.0.0.1',
      port: 7000,
      dataDirectory: 'data/central',
      roles: ['ingest', 'api', 'orders'],
      natsUrls: ['nats://127.0.0.1:4222'],
      logLevel: 'info',
      corsOrigins: [],
    });
  });

  test('takes a flag before the environment, and the environment before the default', () => {
    const environment = { EDGESTOCK_CENTRAL_PORT: '7001', EDGESTOCK_CENTRAL_HOST: '0.0.0.0' };
    const config = readCentralConfig({ EDGESTOCK_CENTRAL_PORT: '0', EDGESTOCK_CENTRAL_HOST: undefined }, environment);
    expect(config).toMatchObject({ port: 0, host: '0.0.0.0' });
  });

  test('tells every problem at once, each with its name', () => {
    const environment = {
      EDGESTOCK_CENTRAL_PORT: '70000',
      EDGESTOCK_CENTRAL_NATS_URL: 'localhost:4222',
      EDGESTOCK_CENTRAL_LOG_LEVEL: 'loud',
      EDGESTOCK_CENTRAL_CORS_ORIGINS: 'https://shop.example/path',
    };
    const error = (() => {
      try {
        return readCentralConfig({}, environment);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toBeInstanceOf(ConfigError);
    const { problems } = error as ConfigError;
    expect(problems.map((problem) => problem.split('=')[0])).toEqual(Object.keys(environment));
  });

  test('names what is wrong as it was typed: the flag, or the variable', () => {
    const typed = (flags: Parameters<typeof readCentralConfig>[0], environment = {}) => {
      try {
        return readCentralConfig(flags, environment);
      } catch (error) {
        return (error as ConfigError).problems.map((problem) => problem.split(':')[0]);
      }
    };
    const environment = { EDGESTOCK_CENTRAL_ROLES: 'api', EDGESTOCK_CENTRAL_PORT: 'x' };
    expect(typed({ EDGESTOCK_CENTRAL_ROLES: 'foo' }, environment)).toEqual(['EDGESTOCK_CENTRAL_PORT=x', '--roles foo']);
    expect(typed({ EDGESTOCK_CENTRAL_ROLES: 'api' })).toEqual(['--roles api']);
    expect(typed({}, { EDGESTOCK_CENTRAL_ROLES: 'api' })).toEqual(['EDGESTOCK_CENTRAL_ROLES=api']);
    expect(typed({ EDGESTOCK_CENTRAL_REDIS: 'redis://:secret@a' })).toEqual(['--redis (not shown)']);
  });

  test('takes the address of a database, and shows to nobody what is in one that it cannot use', () => {
    const url = 'postgres://edgestock:secret@db.example:5432/edgestock?sslmode=require';
    expect(readCentralConfig({ EDGESTOCK_CENTRAL_STORE: url }, {})).toMatchObject({ storeUrl: url });
    for (const right of [
      'postgres://edgestock:50%25secret@db.example/edgestock',
      'postgresql://a:5432,b:5433/edgestock',
    ]) {
      expect(readCentralConfig({ EDGESTOCK_CENTRAL_STORE: right }, {})).toMatchObject({ storeUrl: right });
    }
    for (const wrong of [
      'mysql://edgestock:secret@db.example/edgestock',
      'postgres://edgestock:secret@db.example',
      'postgres://edgestock:secret@db.example:port/edgestock',
      'postgres://edgestock:secret@a:5432,b:port/edgestock',
      'postgres://edgestock:50%secret@db.example/edgestock',
    ]) {
      const read = () => readCentralConfig({}, { EDGESTOCK_CENTRAL_STORE: wrong });
      expect(read).toThrow(/EDGESTOCK_CENTRAL_STORE=\(not shown\): not sqlite, and not the address/);
      expect(read).not.toThrow(/secret/);
    }
  });

  test('says where the directory of a file is named, to who writes it as for a move', () => {
    const read = () => readCentralConfig({ EDGESTOCK_CENTRAL_STORE: 'sqlite:data/central' }, {});
    expect(read).toThrow(/--store \(not shown\): .*--data-dir DIR \(EDGESTOCK_CENTRAL_DATA_DIR\)/);
    expect(read).not.toThrow(/not the address/);
  });

  test('takes the roles of a process, where its store can be shared', () => {
    const shared = { EDGESTOCK_CENTRAL_STORE: 'postgres://edgestock@db.example/edgestock' };
    const rolesOf = (roles: string, store = shared) =>
      readCentralConfig({ EDGESTOCK_CENTRAL_ROLES: roles }, store).roles;
    expect(rolesOf('all')).toEqual(['ingest', 'api', 'orders']);
    expect(rolesOf('api, orders')).toEqual(['api', 'orders']);
    expect(rolesOf('orders,orders')).toEqual(['orders']);
    expect(() => rolesOf('feeds')).toThrow(/not all, and not a list of ingest, api, orders/);
    expect(() => readCentralConfig({ EDGESTOCK_CENTRAL_ROLES: 'api' }, {})).toThrow(
      /a file of SQLite is one process's own/,
    );
  });

  test('takes a Redis where several processes can answer, and shows no password', () => {
    const shared = { EDGESTOCK_CENTRAL_STORE: 'postgres://edgestock@db.example/edgestock' };
    const redisOf = (redis: string, store = shared) =>
      readCentralConfig({ EDGESTOCK_CENTRAL_REDIS: redis }, store).redisUrl;
    for (const right of [
      'redis://cache.example',
      'redis://:secret@127.0.0.1:6379/3',
      'rediss://u:secret@cache.example:6380',
    ]) {
      expect(redisOf(right)).toBe(right);
    }
    expect(redisOf('')).toBeUndefined();
    for (const wrong of [
      'cache.example:6379',
      'http://cache.example',
      'redis://',
      'redis://:50%secret@a',
      'redis://a/b',
    ]) {
      expect(() => redisOf(wrong)).toThrow(/--redis \(not shown\): not the address of a Redis/);
    }
    expect(() => readCentralConfig({ EDGESTOCK_CENTRAL_REDIS: 'redis://:secret@a' }, {})).toThrow(
      /read faster than a Redis/,
    );
    expect(() => readCentralConfig({ EDGESTOCK_CENTRAL_REDIS: 'redis://:secret@a' }, {})).not.toThrow(/secret/);
  });

  test('takes several servers of one cluster', () => {
    const { natsUrls } = readCentralConfig({ EDGESTOCK_CENTRAL_NATS_URL: 'nats://a:4222, tls://b:4222' }, {});
    expect(natsUrls).toEqual(['nats://a:4222', 'tls://b:4222']);
  });

  test('is shown setting by setting in the example, whose values are the defaults', () => {
    const example = parseEnv(readFileSync(exampleFile, 'utf8'));
    expect(Object.keys(example).sort()).toEqual(Object.keys(centralSettings).sort());
    expect(readCentralConfig({}, example)).toEqual(readCentralConfig({}, {}));
  });
});
