import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { atEnd } from './at-end.ts'
import { type CliOptions, plainEnvironment } from './run-cli.ts'

/** `gatez serve` as a process of its own. Killed when the running test is over. */
export class ServeProcess {
  /** Where it listens. */
  port = 0
  stdout = ''
  stderr = ''
  readonly #child: ChildProcess
  readonly #closed: Promise<unknown>

  private constructor(child: ChildProcess) {
    this.#child = child
    child.stdout?.setEncoding('utf8').on('data', (text) => {
      this.stdout += text
    })
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      this.stderr += text
    })
    this.#closed = once(child, 'close')
    atEnd(() => this.kill().then(() => undefined))
  }

  /** Starts it, without waiting for anything. */
  static spawn(options: ServeOptions): ServeProcess {
    const child = spawn(
      process.execPath,
      [options.entry, options.command ?? 'serve', ...(options.args ?? [])],
      {
        cwd: options.cwd,
        env: { ...plainEnvironment(), ...options.env },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )
    return new ServeProcess(child)
  }

  /** Starts it and resolves once it listens; throws what it printed when it ends before. */
  static async start(options: ServeOptions): Promise<ServeProcess> {
    const serve = ServeProcess.spawn(options)
    await Promise.race([serve.#listening(), serve.#closed])
    if (serve.port !== 0) return serve
    throw new Error(`serve ended with ${await serve.exitCode()}: ${serve.stdout}${serve.stderr}`)
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** SIGKILL, sent before the call returns; resolves once the process is gone. */
  async kill(): Promise<void> {
    if (this.running) this.#child.kill('SIGKILL')
    await this.#closed
  }

  /** Asks it to end. */
  terminate(): void {
    this.#child.kill('SIGTERM')
  }

  /** Asks it to read its file again. */
  hangUp(): void {
    this.#child.kill('SIGHUP')
  }

  /** Resolves to the exit code once it ended; null when a signal ended it. */
  async exitCode(): Promise<number | null> {
    await this.#closed
    return this.#child.exitCode
  }

  /** Asks it to end, and resolves to its exit code. */
  stop(): Promise<number | null> {
    this.terminate()
    return this.exitCode()
  }

  #listening(): Promise<void> {
    return new Promise((resolve) => {
      this.#child.stdout?.on('data', () => {
        const [, port] = LISTENS.exec(this.stdout) ?? []
        if (port === undefined) return
        this.port = Number(port)
        resolve()
      })
    })
  }
}

/** The script to run, and where. */
export interface ServeOptions extends CliOptions {
  readonly entry: string
  /** `serve` if not given. */
  readonly command?: string
  readonly args?: readonly string[]
}

const LISTENS = /listens on https?:\/\/127\.0\.0\.1:(\d+)/
