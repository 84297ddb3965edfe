import { open } from 'node:fs/promises';
import { WrongCall } from '@edgestock/shared/command/wrong-call';

/**
 * Refuses a file that could not be written, before minutes of measuring whose results are to go there. Opening it is the only
 * question that hears of everything: a missing folder, one in its place, rights, a full disk. What is in it is left.
 */
export async function refuseUnwritable(file: string): Promise<void> {
  try {
    await (await open(file, 'a')).close();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new WrongCall(`${file} cannot be written: ${why}`, 'Name a file in a folder that is there, with --json.');
  }
}
