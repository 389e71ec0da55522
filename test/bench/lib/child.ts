import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { placedOn } from './places.ts'

/** How much of what a program printed is kept, from its end. */
const PRINTED_MAX = 65_536
/** How long a program may take to end when it is asked to. */
const END_MS = 5_000

/**
 * A program the bench started.
 *
 * It is ended by its id: when it is disposed of, and when the bench ends in whatever way before.
 */
export class Child implements AsyncDisposable {
  stdout = ''
  stderr = ''
  /** Resolves once it is gone. */
  readonly ended: Promise<void>
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout = (this.stdout + text).slice(-PRINTED_MAX)
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr = (this.stderr + text).slice(-PRINTED_MAX)
    })
    const kill = (): void => {
      child.kill('SIGKILL')
    }
    LEFTOVERS.add(kill)
    this.ended = new Promise((resolve) => {
      const gone = (): void => {
        LEFTOVERS.delete(kill)
        resolve()
      }
      child.once('error', gone)
      child.once('close', gone)
    })
  }

  /** Starts it without waiting for anything. */
  static start(command: readonly string[], options: ChildOptions): Child {
    const { cpu, yields = false, channel = false, env = {} } = options
    const [program = '', ...args] = [...placedOn(cpu, yields), ...command]
    const stdio = ['ignore', 'pipe', 'pipe', ...(channel ? ['ipc' as const] : [])] as const
    // In a session of its own, so that its priority counts beside that of what else the machine does.
    return new Child(
      spawn(program, args, { stdio: [...stdio], detached: true, env: { ...process.env, ...env } }),
    )
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Asks a program of ours, started with a channel, and resolves to its next message. */
  async ask(message: string): Promise<unknown> {
    const answered = once(this.#child, 'message')
    this.tell(message)
    const [answer] = await answered
    return answer
  }

  /** Tells a program of ours something. */
  tell(message: string): void {
    this.#child.send(message)
  }

  /** Resolves to what matched in what it printed; throws when it ends before, or takes longer than `withinMs`. */
  async prints(pattern: RegExp, withinMs = 60_000): Promise<RegExpExecArray> {
    for (let waitedMs = 0; waitedMs < withinMs && this.running; waitedMs += 20) {
      const found = pattern.exec(this.stdout) ?? pattern.exec(this.stderr)
      if (found !== null) return found
      await pause(20)
    }
    throw new Error(`a program of the bench did not print ${pattern}: ${this.stdout}${this.stderr}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.running) return
    this.#child.kill('SIGTERM')
    await Promise.race([this.ended, pause(END_MS, undefined, { ref: false })])
    if (this.running) this.#child.kill('SIGKILL')
    await this.ended
  }
}

export interface ChildOptions {
  readonly cpu: number | string
  /** It gets what others leave of the processor. */
  readonly yields?: boolean
  /** Whether it is to be talked to. */
  readonly channel?: boolean
  /** On top of the environment of the bench. */
  readonly env?: Readonly<Record<string, string>>
}

/** A folder for one measurement, removed with what is in it when it is disposed of or the bench ends. */
export function temporaryFolder(parent = tmpdir()): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(parent, 'gatez-bench-'))
  const remove = (): void => rmSync(path, { recursive: true, force: true })
  LEFTOVERS.add(remove)
  return {
    path,
    [Symbol.dispose]: () => {
      LEFTOVERS.delete(remove)
      remove()
    },
  }
}

/** Makes signals end the bench the common way, so that nothing it started is left behind. */
export function endOnSignals(): void {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    process.once(signal, () => process.exit(code))
  }
}

/** What must not outlive the bench. */
const LEFTOVERS = new Set<() => void>()

process.on('exit', () => {
  for (const remove of LEFTOVERS) remove()
})
