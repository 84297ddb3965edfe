import { readFileSync } from 'node:fs';
import { ConfigError } from '@edgestock/shared/runtime/env';
import { describe, expect, it } from 'vitest';
import { edgeSettings, readEdgeConfig } from './config.ts';

const example = Object.fromEntries(
  readFileSync(new URL('../../deploy/env/edge-node.example.env', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => /^EDGESTOCK_/.test(line))
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
);

describe('the configuration of a node', () => {
  it('is what the shipped example says, which shows every setting and its default', () => {
    expect(Object.keys(example).sort()).toEqual(Object.keys(edgeSettings).sort());
    expect(readEdgeConfig({}, example)).toEqual(readEdgeConfig({}, { EDGESTOCK_EDGE_WAREHOUSE: 'BER1' }));
  });

  it('names every problem at once', () => {
    const wrong = {
      EDGESTOCK_EDGE_WAREHOUSE: 'no spaces',
      EDGESTOCK_EDGE_PORT: '99999',
      EDGESTOCK_EDGE_NATS_URL: 'http://x',
    };
    const read = () => readEdgeConfig({}, wrong);
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(/WAREHOUSE=no spaces.*\n.*PORT=99999.*\n.*NATS_URL=http:\/\/x/);
  });

  it('says what the warehouse setting is for when it is missing', () => {
    expect(() => readEdgeConfig({}, {})).toThrow(
      /EDGESTOCK_EDGE_WAREHOUSE=\(unset\).*Id of the warehouse.* Flag: --warehouse\.$/m,
    );
  });

  it('lets a flag go before the environment', () => {
    expect(readEdgeConfig({ EDGESTOCK_EDGE_PORT: '0' }, example).port).toBe(0);
  });
});
