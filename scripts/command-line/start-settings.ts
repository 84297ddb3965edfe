/** What Node is to be started with, beyond what it was started with. */
export type StartSettings = {
  readonly flags: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
};

/**
 * Memory of the commands that run for months; the figures are in docs/decisions/0020-the-young-generation-is-small.md.
 *
 * First the young generation of V8, in MiB of one of its three parts. By default V8 takes up to 32 on 64 bits, 96 MiB a thread, and
 * a start alone fills them. A node has one thread and sits in a shop's smallest machine; central has two, and many more objects
 * under way. A node may also collect its garbage when it likes: once, of what starting took.
 */
const flagsOf: Readonly<Record<string, readonly string[]>> = {
  edge: ['--max-semi-space-size=4', '--expose-gc'],
  central: ['--max-semi-space-size=16'],
};

/**
 * Settings that take effect at the start of a process only; none where an operator has chosen already. `v8.setFlagsFromString`
 * comes too late, the heap has read its flags before any code runs. A cache that is there from the start spares the program that
 * strips types, which would stay in memory.
 */
export function startSettings(
  words: readonly string[],
  given: {
    readonly execArgv: readonly string[];
    readonly environment: Readonly<Record<string, string | undefined>>;
    readonly compileCache: string;
  },
): StartSettings {
  const [command = '', ...rest] = words;
  const due = flagsOf[command];
  // A part of a command, such as `edge backup`, does its work and ends.
  const isRun = rest[0] === undefined || rest[0].startsWith('-');
  if (due === undefined || !isRun) return { flags: [], environment: {} };
  const chosen = [...given.execArgv, given.environment.NODE_OPTIONS ?? ''].join(' ').replaceAll('_', '-');
  const flags = due.filter((flag) => !chosen.includes(nameOf(flag)));
  const isCached = given.environment.NODE_COMPILE_CACHE !== undefined;
  return { flags, environment: isCached ? {} : { NODE_COMPILE_CACHE: given.compileCache } };
}

function nameOf(flag: string): string {
  return flag.split('=', 1)[0] ?? flag;
}
