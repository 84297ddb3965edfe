import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { RELEASE } from './release.ts';

it('the release is the version of every package of the workspace', () => {
  for (const folder of ['..', '../edge-node', '../central', '../shared', '../lab'].map((name) => `../../${name}/`)) {
    const manifest = readFileSync(new URL(`${folder}package.json`, import.meta.url), 'utf8');
    expect(JSON.parse(manifest).version).toBe(RELEASE);
  }
});
