/** What Node is to be started with, beyond what it was started with. */
export type StartSettings = {
  readonly flags: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
};

/**
 * Memory of the commands that run for months, in docs/decisions/0020-the-young-generation-is-small.md with its figures.
 *
 * `semiSpaceMib`: one of three parts of V8's young generation. By default V8 takes up to 32 on 64 bits, 96 MiB a thread, and a
 * start alone fills them. A node has one thread and sits in a shop's smallest machine; central has two, and many more objects
 * under way. `isNode`: it gives back once what starting took, and its threads share one arena of the allocator of C.
 */
const memory: Readonly<Record<string, { readonly semiSpaceMib: number; readonly isNode: boolean }>> = {
  edge: { semiSpaceMib: 8, isNode: true },
  central: { semiSpaceMib: 16, isNode: false },
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
  const due = memory[command];
  // A part of a command, such as `edge backup`, does its work and ends.
  const isRun = rest[0] === undefined || rest[0].startsWith('-');
  if (due === undefined || !isRun) return { flags: [], environment: {} };
  const chosen = [...given.execArgv, given.environment.NODE_OPTIONS ?? ''].join(' ');
  const flags = [
    ...(/semi[-_]space/.test(chosen) ? [] : [`--max-semi-space-size=${due.semiSpaceMib}`]),
    ...(due.isNode && !/expose[-_]gc/.test(chosen) ? ['--expose-gc'] : []),
  ];
  const environment = {
    NODE_COMPILE_CACHE: given.compileCache,
    ...(due.isNode ? { MALLOC_ARENA_MAX: '1' } : {}),
  };
  const isUnset = ([name]: [string, string]) => given.environment[name] === undefined;
  return { flags, environment: Object.fromEntries(Object.entries(environment).filter(isUnset)) };
}
