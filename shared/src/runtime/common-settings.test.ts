import { describe, expect, it } from 'vitest';
import { brokersSetting, hostSetting, logLevelSetting, portSetting } from './common-settings.ts';
import { ConfigError, readSettings } from './env.ts';

const table = {
  HOST: hostSetting,
  PORT: portSetting(7_100),
  NATS: brokersSetting('Need not be up.'),
  LOG: logLevelSetting,
};

describe('the settings that both sides have', () => {
  it('have their defaults', () => {
    const defaults = { HOST: '127.0.0.1', PORT: 7_100, NATS: ['nats://127.0.0.1:4222'], LOG: 'info' };
    expect(readSettings(table, { environment: { PORT: '' } })).toEqual(defaults);
  });

  it('take a cluster of brokers, and port 0', () => {
    expect(readSettings(table, { environment: { PORT: '0', NATS: 'nats://a:1, tls://b:2,' } })).toMatchObject({
      PORT: 0,
      NATS: ['nats://a:1', 'tls://b:2'],
    });
  });

  it.each([
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['NATS', ' , '],
    ['NATS', 'nats://a:1,http://b'],
    ['LOG', 'loud'],
  ])('refuse %s=%s', (name, value) => {
    expect(() => readSettings(table, { environment: { [name]: value } })).toThrow(ConfigError);
  });
});
