import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { atEnd } from './at-end.ts'

/** What goes wrong: all calls of these names, on these paths or on any, fail in this way. */
export interface DiskFault {
  readonly calls: readonly ('pwrite64' | 'fsync' | 'fdatasync' | 'ftruncate' | 'openat')[]
  readonly error: 'EIO' | 'EROFS' | 'ENOSPC'
  readonly paths?: readonly string[]
}

/**
 * Makes system calls of a running process fail, as a sick disk would, until `mend`.
 *
 * strace does it from outside: the calls are not made at all, and return the error. Needs the right to trace.
 */
export class FaultyDisk {
  readonly #strace: ChildProcess

  private constructor(strace: ChildProcess) {
    this.#strace = strace
    atEnd(() => this.mend())
  }

  /** Resolves once the fault is there, on all threads. */
  static async of(pid: number, { calls, error, paths = [] }: DiskFault): Promise<FaultyDisk> {
    const names = calls.join(',')
    const args = ['-f', '-o', '/dev/null', '-e', `trace=${names}`, '-e', `inject=${names}:error=${error}`]
    const only = paths.flatMap((path) => ['-P', path])
    const strace = spawn('strace', [...args, ...only, '-p', String(pid)], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let said = ''
    await new Promise<void>((resolve, reject) => {
      strace.stderr.setEncoding('utf8').on('data', (text: string) => {
        said += text
        if (said.includes('attached')) resolve()
      })
      strace.once('exit', () => reject(new Error(`strace does not trace: ${said}`)))
      strace.once('error', reject)
    })
    return new FaultyDisk(strace)
  }

  /** The disk is well again. */
  async mend(): Promise<void> {
    if (this.#strace.exitCode !== null || this.#strace.signalCode !== null) return
    const ended = once(this.#strace, 'exit')
    this.#strace.kill('SIGTERM')
    await ended
  }
}
