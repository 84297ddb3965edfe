import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { isAtLeast, NATS_PREFERRED, NATS_SUITE, TOOLS } from './pins.mjs';
import { must, SetupError, say, timed } from './run.mjs';
import { isStamped, stamp } from './stamp.mjs';

const UNPACKED = join(TOOLS, 'nats-server');
const PACKAGED = '/usr/sbin/nats-server'; // often missing from an ordinary user's PATH
const APT_TIMEOUT_MS = 180_000;

/** The server to use as things stand: `{ path, version }`, or undefined when there is none. */
export function findNatsServer() {
  const named = process.env.EDGESTOCK_NATS_SERVER;
  if (named) {
    const version = versionOf(named);
    if (!version) throw new SetupError(`EDGESTOCK_NATS_SERVER names ${named}, which is not a nats-server`);
    return { path: named, version };
  }
  const found = [UNPACKED, ...onPath('nats-server'), PACKAGED]
    .filter((path) => existsSync(path))
    .map((path) => ({ path, version: versionOf(path) }))
    .filter(({ version }) => version !== undefined);
  return found.find(isPreferred) ?? found[0];
}

/** Nothing left to try: the server is new enough, was named by the user, or a newer one could not be had. */
export function isNatsServerSettled(server) {
  if (server && (process.env.EDGESTOCK_NATS_SERVER || isPreferred(server))) return true;
  return isStamped('nats-server', attemptKey(server)) || !existsSync('/usr/bin/apt-get');
}

/** Looks for a newer server on the Debian mirror, else for any at all. Failing is no error: tests say what they miss. */
export function obtainNatsServer(existing) {
  const server = unpackedFromDebian() ?? existing ?? installedByApt();
  if (!server || !isPreferred(server)) stamp('nats-server', attemptKey(server));
  return server;
}

function isPreferred({ version }) {
  return isAtLeast(version, NATS_PREFERRED);
}

function attemptKey(server) {
  return `${NATS_SUITE} failed, ${server ? `${server.version} is there` : 'there is none'}`;
}

function onPath(program) {
  return (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, program));
}

function versionOf(path) {
  const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 10_000 });
  return /v(\d+\.\d+\.\d+)/.exec(stdout ?? '')?.[1];
}

function unpackedFromDebian() {
  try {
    timed(`unpacking nats-server from Debian ${NATS_SUITE} into .tools`, () => unpackFromDebian(UNPACKED));
    const version = versionOf(UNPACKED);
    if (version) return { path: UNPACKED, version };
    rmSync(UNPACKED, { force: true });
    throw new SetupError('the unpacked nats-server does not run on this machine');
  } catch (error) {
    say(`no newer nats-server: ${error.brief ?? error.message}`);
    return undefined;
  }
}

function installedByApt() {
  if (process.getuid?.() !== 0) return undefined;
  try {
    timed('installing nats-server with apt-get', () => {
      const options = { timeout: APT_TIMEOUT_MS, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
      must('apt-get', ['update', '-qq'], options);
      must('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'nats-server'], options);
    });
    const version = versionOf(PACKAGED);
    return version && { path: PACKAGED, version };
  } catch (error) {
    say(`nats-server cannot be installed: ${error.brief ?? error.message}`);
    return undefined;
  }
}

/**
 * Downloads the package of a newer release from the mirror this machine already uses, and only unpacks it. apt works on
 * folders of its own, so neither root nor a change to the system's sources is needed; signatures are checked as always.
 */
function unpackFromDebian(target) {
  const folder = mkdtempSync(join(TOOLS, 'apt-'));
  try {
    for (const path of ['lists/partial', 'cache/archives/partial', 'state']) {
      mkdirSync(join(folder, path), { recursive: true });
    }
    writeFileSync(join(folder, 'status'), '');
    const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
    writeFileSync(join(folder, 'sources'), `deb [signed-by=${keyring}] ${debianMirror()} ${NATS_SUITE} main\n`);
    const options = { cwd: folder, timeout: APT_TIMEOUT_MS };
    must('apt-get', ['update', '-qq', ...aptOptions(folder)], options);
    must('apt-get', ['download', '-qq', ...aptOptions(folder), 'nats-server'], options);
    const archive = readdirSync(folder).find((name) => name.endsWith('.deb'));
    if (!archive) throw new SetupError(`${NATS_SUITE} offers no nats-server`);
    must('dpkg-deb', ['-x', archive, 'unpacked'], options);
    renameSync(join(folder, 'unpacked', 'usr', 'sbin', 'nats-server'), target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function aptOptions(folder) {
  const folders = {
    'Etc::sourcelist': 'sources',
    State: 'state',
    'State::lists': 'lists',
    'State::status': 'status',
    Cache: 'cache',
  };
  const settings = Object.entries(folders).map(([name, path]) => `Dir::${name}=${join(folder, path)}`);
  settings.push('Dir::Etc::sourceparts=/dev/null', 'Acquire::Languages=none');
  settings.push('APT::Sandbox::User='); // the _apt user could not write into this folder
  settings.push('APT::Update::Error-Mode=any'); // else an unreachable mirror counts as success
  return settings.flatMap((setting) => ['-o', setting]);
}

function debianMirror() {
  const text = ['/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list']
    .filter((path) => existsSync(path))
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n');
  const mirror = /^URIs:\s*(\S+)/m.exec(text)?.[1] ?? /^deb\s+(?:\[[^\]]*\]\s+)?(\S+)/m.exec(text)?.[1];
  if (!mirror) throw new SetupError('no Debian mirror is configured on this machine');
  return mirror;
}
