import { execFile } from 'node:child_process';
import { chmod, mkdir, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** `$0` is the image and `$1` where it is mounted, in a mount namespace that ends with the program. */
const MOUNT_AND_RUN = 'mount -o loop "$0" "$1" && shift && exec "$@"';
const COPIES_MAX = 20;

/** What uses a disk: a process, or all those of a server. */
export type DiskUser = {
  pause(): void;
  kill(): Promise<void>;
};

/**
 * A disk whose power can be cut: a file system in a file. What its user has not made durable is in the kernel's memory and not
 * in the file, so a copy of the file is what a power cut would have left. Needs root, loop devices and `mkfs.ext4`.
 */
export class PowerCutDisk {
  /** Where whoever runs `under` sees it. */
  readonly mountPoint: string;
  readonly under: readonly [program: string, ...args: string[]];
  readonly #image: string;

  private constructor(image: string, mountPoint: string) {
    this.#image = image;
    this.mountPoint = mountPoint;
    this.under = ['unshare', '-m', 'sh', '-c', MOUNT_AND_RUN, image, mountPoint];
  }

  /** `from`: a folder whose content is on it from the beginning, as its owners had it. */
  static async make(directory: string, megabytes: number, from?: string): Promise<PowerCutDisk> {
    const image = join(directory, 'disk.img');
    const mountPoint = join(directory, 'disk');
    await mkdir(mountPoint, { recursive: true });
    // Whoever runs there may be another user than who made the folder.
    await chmod(directory, 0o711);
    await writeFile(image, '');
    await truncate(image, megabytes * 1_048_576);
    await run('mkfs.ext4', ['-q', '-F', ...(from === undefined ? [] : ['-d', from]), image]);
    return new PowerCutDisk(image, mountPoint);
  }

  /** Cuts the power of all that uses it. What the disk holds afterwards is what was durable at that moment. */
  async cut(victim: DiskUser): Promise<void> {
    victim.pause();
    const left = `${this.#image}.left`;
    await this.#copyAtRest(left);
    await victim.kill();
    // The dead one's file system still writes to the old file, which nobody looks at any more.
    await rename(left, this.#image);
  }

  /** A copy during which nothing was written: two that are the same. No disk shows a moment that never was. */
  async #copyAtRest(target: string): Promise<void> {
    const twin = `${target}.twin`;
    const copy = (to: string) => run('cp', ['--sparse=always', this.#image, to]);
    try {
      await copy(target);
      for (let copies = 0; copies < COPIES_MAX; copies += 1) {
        await copy(twin);
        const isSame = await run('cmp', ['-s', target, twin]).then(
          () => true,
          () => false,
        );
        if (isSame) return;
        await rename(twin, target);
      }
      throw new Error('the disk did not come to rest');
    } finally {
      await rm(twin, { force: true });
    }
  }
}
