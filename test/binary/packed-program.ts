import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const ROOT = join(import.meta.dirname, '../..')

/**
 * The single binary, alone in a fresh folder of the system's temp folder: no Node in PATH, no
 * node_modules in any folder above, a home of its own.
 */
export class PackedProgram implements AsyncDisposable {
  /** The folder the commands run in: empty at first. */
  readonly folder: string
  /** What `serve` printed so far. */
  output = ''
  readonly #base: string
  #server: ChildProcess | undefined

  /** Builds dist/gatez unless it is younger than its sources. */
  constructor() {
    execFileSync(process.execPath, [join(ROOT, 'bin/build.js'), '--if-stale'])
    this.#base = mkdtempSync(join(tmpdir(), 'gatez-binary-'))
    this.folder = join(this.#base, 'empty')
    for (const name of ['empty', 'bin', 'home']) mkdirSync(join(this.#base, name))
    copyFileSync(join(ROOT, 'dist/gatez'), this.#program)
  }

  get #program(): string {
    return join(this.#base, 'bin/gatez')
  }

  get #options() {
    const env = { PATH: join(this.#base, 'bin'), HOME: join(this.#base, 'home') }
    return { cwd: this.folder, env }
  }

  /** Runs one command to its end and returns what it printed; fails if the command fails. */
  async run(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<string> {
    const { cwd, env } = this.#options
    const options = { cwd, env: { ...env, ...environment }, timeout: 30_000 }
    const { stdout } = await promisify(execFile)(this.#program, args, options)
    return stdout
  }

  /** Starts `gatez serve`; resolves once `url` answers. */
  async serve(url: string): Promise<void> {
    const server = spawn(this.#program, ['serve'], { ...this.#options, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#server = server
    for (const stream of [server.stdout, server.stderr]) {
      stream.on('data', (chunk) => {
        this.output += chunk
      })
    }
    while (server.exitCode === null) {
      const answer = await fetch(url).catch(() => undefined)
      if (answer !== undefined) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    throw new Error(`serve ended with ${server.exitCode}: ${this.output}`)
  }

  /** Asks `serve` to end, and returns its exit code. */
  async stop(): Promise<number | null> {
    const server = this.#server
    this.#server = undefined
    if (server === undefined || server.exitCode !== null) return server?.exitCode ?? null
    server.kill('SIGTERM')
    await once(server, 'exit')
    return server.exitCode
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server?.kill('SIGKILL')
    rmSync(this.#base, { recursive: true, force: true })
  }
}
