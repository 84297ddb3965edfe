import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isAtLeast, isWindows, NODE_OLDEST, NODE_PINNED, PNPM_PINNED, TOOLS } from './pins.mjs';
import { cleanEnvironment, must, timed } from './run.mjs';
import { clearStamp, isStamped, stamp } from './stamp.mjs';

const MODULES = join(TOOLS, 'node_modules');

/**
 * Node and pnpm as ordinary npm packages in .tools: nothing is installed into the system, and no address besides the
 * user's own registry is asked. A Node that is new enough is used as it is.
 */
export function toolchain() {
  const usesOwnNode = isAtLeast(process.version, NODE_OLDEST);
  const nodePackage = usesOwnNode ? undefined : nodePackageName();
  return {
    node: nodePackage ? join(MODULES, nodePackage, 'bin', isWindows ? 'node.exe' : 'node') : process.execPath,
    /** Where the headers lie, for add-ons that are compiled. */
    nodeHeaders: nodePackage && join(MODULES, nodePackage),
    nodePackage,
    pnpm: join(MODULES, 'pnpm', 'bin', 'pnpm.mjs'),
    key: `pnpm ${PNPM_PINNED}, ${nodePackage ? `${nodePackage} ${NODE_PINNED}` : 'own node'}`,
  };
}

export function isToolchainReady({ key, node, pnpm }) {
  return isStamped('toolchain', key) && existsSync(node) && existsSync(pnpm);
}

export function installToolchain({ key, nodePackage }) {
  const packages = [`pnpm@${PNPM_PINNED}`];
  if (nodePackage) packages.push(`${nodePackage}@${NODE_PINNED}`);
  const because = nodePackage ? ` (this is Node ${process.version}, ${NODE_OLDEST} is needed)` : '';
  timed(`installing ${packages.join(' and ')} into .tools${because}`, () => {
    clearStamp('toolchain');
    // Its own package.json keeps npm from walking up to the workspace, whose catalog it does not understand.
    writeFileSync(join(TOOLS, 'package.json'), '{"private":true}\n');
    const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
    must('npm', ['install', '--no-save', '--no-package-lock', '--ignore-scripts', ...quiet, ...packages], {
      cwd: TOOLS,
      env: process.env,
      shell: isWindows,
    });
    stamp('toolchain', key);
  });
}

/** The environment in which everything after the set-up runs. */
export function environment({ node, nodeHeaders }, root) {
  const env = cleanEnvironment();
  const separator = isWindows ? ';' : ':';
  const folders = [dirname(node), join(MODULES, '.bin'), join(root, 'node_modules', '.bin')];
  env.PATH = [...folders, process.env.PATH].join(separator);
  if (nodeHeaders) env.npm_config_nodedir = nodeHeaders;
  return env;
}

/** One package per platform; the mac one for arm64 is named differently. */
function nodePackageName() {
  const { platform, arch } = process;
  const prefix = platform === 'darwin' && arch === 'arm64' ? 'node-bin' : 'node';
  return `${prefix}-${isWindows ? 'win' : platform}-${arch}`;
}
