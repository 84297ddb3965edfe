import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './pins.mjs';
import { must, timed } from './run.mjs';
import { clearStamp, isStamped, stamp } from './stamp.mjs';

const LOCKFILE = 'pnpm-lock.yaml';

export function isWorkspaceReady() {
  return existsSync(join(ROOT, 'node_modules', '.modules.yaml')) && isStamped('workspace', currentKey());
}

/** In CI the lockfile is law; a developer who changed a package.json gets the lockfile brought up to date. */
export function installWorkspace({ node, pnpm }, env) {
  const strictness = process.env.CI ? '--frozen-lockfile' : '--no-frozen-lockfile';
  timed('installing the workspace', () => {
    clearStamp('workspace');
    // CI=true keeps pnpm from asking questions nobody would see.
    must(node, [pnpm, 'install', strictness, '--reporter=append-only'], { env: { ...env, CI: 'true' } });
    stamp('workspace', currentKey()); // after the install, which may have written the lockfile
  });
}

/** Everything the installed tree depends on. Not the release of Node: no add-on is compiled for it. */
function currentKey() {
  const hash = createHash('sha256');
  for (const file of inputs()) hash.update(file).update(readFileSync(join(ROOT, file)));
  return `${hash.digest('hex')} ${process.platform}-${process.arch}`;
}

function inputs() {
  const packages = readdirSync(ROOT, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(ROOT, entry.name, 'package.json')))
    .map((entry) => `${entry.name}/package.json`);
  return [LOCKFILE, 'pnpm-workspace.yaml', 'package.json', ...packages.sort()].filter((file) =>
    existsSync(join(ROOT, file)),
  );
}
