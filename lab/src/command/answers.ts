/** A command's answer goes to stdout, one line; a script reads nothing else there. */
export function answer(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** What people may want to know meanwhile goes to stderr. */
export function remark(line: string): void {
  process.stderr.write(`${line}\n`);
}
