import type { Under } from './lab-node.ts';

/**
 * Makes system calls of the program behind it fail, as strace's `inject` says. `-D`: the program keeps the id it was started
 * with, so that signals reach it and not its tracer.
 */
export function failing(calls: string, how: string): Under {
  return ['strace', '-D', '-f', '-qq', '-o', '/dev/null', '-e', `trace=${calls}`, '-e', `inject=${calls}:${how}`];
}
