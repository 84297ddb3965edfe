import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isAtLeast, isWindows, NODE_OLDEST, NODE_PINNED, PNPM_PINNED, TOOLS } from './pins.mjs';
import { cleanEnvironment, must, timed } from './run.mjs';
import { clearStamp, readStamp, stamp } from './stamp.mjs';

const MODULES = join(TOOLS, 'node_modules');

/**
 * Node and pnpm as ordinary npm packages in .tools: nothing is installed into the system, and no address besides the
 * user's own registry is asked. A Node that is new enough is used as it is.
 */
export function toolchain() {
  const pnpm = join(MODULES, 'pnpm', 'bin', 'pnpm.mjs');
  const packages = [`pnpm@${PNPM_PINNED}`];
  if (isAtLeast(process.version, NODE_OLDEST)) return { packages, pnpm, node: process.execPath };
  const name = nodePackageName();
  const nodeFolder = join(MODULES, name); // holds the headers, too, for add-ons that are compiled
  packages.push(`${name}@${NODE_PINNED}`);
  return { packages, pnpm, node: join(nodeFolder, 'bin', isWindows ? 'node.exe' : 'node'), nodeFolder };
}

export function isToolchainReady({ packages, node, pnpm }) {
  const installed = installedPackages();
  return packages.every((name) => installed.includes(name)) && existsSync(node) && existsSync(pnpm);
}

export function installToolchain({ packages, nodeFolder }) {
  const because = nodeFolder ? ` (this is Node ${process.version}, ${NODE_OLDEST} is needed)` : '';
  timed(`installing ${packages.join(' and ')} into .tools${because}`, () => {
    // npm removes what it is not told about, and that may be the Node which another command is running on.
    const all = [...new Set([...packages, ...installedPackages().filter(isCurrent)])];
    clearStamp('toolchain');
    // Its own package.json keeps npm from walking up to the workspace, whose catalog it does not understand.
    writeFileSync(join(TOOLS, 'package.json'), '{"private":true}\n');
    const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
    must('npm', ['install', '--no-save', '--no-package-lock', '--ignore-scripts', ...quiet, ...all], {
      cwd: TOOLS,
      shell: isWindows,
    });
    stamp('toolchain', all.join(' '));
  });
}

function installedPackages() {
  return readStamp('toolchain')?.split(' ') ?? [];
}

function isCurrent(name) {
  return name === `pnpm@${PNPM_PINNED}` || name === `${nodePackageName()}@${NODE_PINNED}`;
}

/** The environment in which everything after the set-up runs. */
export function environment({ node, nodeFolder }, root) {
  const env = cleanEnvironment();
  const separator = isWindows ? ';' : ':';
  const folders = [dirname(node), join(MODULES, '.bin'), join(root, 'node_modules', '.bin')];
  env.PATH = [...folders, process.env.PATH].join(separator);
  if (nodeFolder) env.npm_config_nodedir = nodeFolder;
  return env;
}

/** One package per platform; the mac one for arm64 is named differently. */
function nodePackageName() {
  const { platform, arch } = process;
  const prefix = platform === 'darwin' && arch === 'arm64' ? 'node-bin' : 'node';
  return `${prefix}-${isWindows ? 'win' : platform}-${arch}`;
}
