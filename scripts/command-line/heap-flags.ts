/**
 * Young generation of V8, in MiB of one of its three parts, for the commands that run for months. By default V8 takes up to 32 on
 * 64 bits, 96 MiB a thread, and a start alone fills them. A node has one thread and sits in a shop's smallest machine; central has
 * two, and many more objects under way. The figures are in docs/decisions/0020-the-young-generation-is-small.md.
 */
const semiSpaceMib: Readonly<Record<string, number>> = { edge: 8, central: 16 };

const FLAG = '--max-semi-space-size';

/**
 * Flags with which Node is to run a command, beyond those it was started with; none where an operator has chosen already. They
 * take effect at the start of a process only: `v8.setFlagsFromString` comes too late, the heap has read them before any code runs.
 */
export function heapFlags(
  words: readonly string[],
  given: { readonly execArgv: readonly string[]; readonly nodeOptions: string },
): readonly string[] {
  const [command = '', ...rest] = words;
  const size = semiSpaceMib[command];
  // A part of a command, such as `edge backup`, does its work and ends.
  const isRun = rest[0] === undefined || rest[0].startsWith('-');
  if (size === undefined || !isRun) return [];
  const isChosen = [...given.execArgv, given.nodeOptions].some((options) => /semi[-_]space/.test(options));
  return isChosen ? [] : [`${FLAG}=${size}`];
}
