import { execFileSync } from 'node:child_process'
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { atEnd } from './at-end.ts'

/**
 * A disk of `kib` KiB at `folder`, which must exist and be empty. Gone when the running test is over.
 *
 * Needs root: only that may mount. Elsewhere the test fails and says so.
 */
export function mountSmallDisk(folder: string, kib: number): SmallDisk {
  mount(['-t', 'tmpfs', '-o', `size=${kib}k,mode=0700`, 'tmpfs', folder])
  atEnd(() => {
    execFileSync('umount', ['-l', folder])
  })
  return new SmallDisk(folder)
}

/** Makes a folder read-only, for root too, until the running test is over. */
export function makeReadOnly(folder: string): void {
  mount(['--bind', folder, folder])
  atEnd(() => {
    execFileSync('umount', ['-l', folder])
  })
  mount(['-o', 'remount,ro,bind', folder])
}

/** A disk that can be filled up and emptied again. */
export class SmallDisk {
  readonly #ballast: string

  constructor(folder: string) {
    this.#ballast = join(folder, 'ballast')
  }

  /** Takes all the room there is. */
  fill(): void {
    const file = openSync(this.#ballast, 'a')
    try {
      for (const block of [65_536, 4096, 1]) writeUntilFull(file, Buffer.alloc(block))
    } finally {
      closeSync(file)
    }
  }

  /** Gives the room back. */
  empty(): void {
    rmSync(this.#ballast)
  }
}

function writeUntilFull(file: number, block: Buffer): void {
  try {
    for (;;) if (writeSync(file, block) < block.length) return
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  }
}

function mount(args: readonly string[]): void {
  try {
    execFileSync('mount', args, { stdio: 'pipe' })
  } catch (cause) {
    throw new Error('This test mounts a disk of its own, which only root may: run it as root.', { cause })
  }
}
