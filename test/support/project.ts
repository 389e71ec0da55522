import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { type Build, builtProgram } from './build-programs.ts'
import { type CliResult, runCli } from './run-cli.ts'
import { ServeProcess } from './serve-process.ts'
import { newStores, type StoresOnServers, stackOfRun } from './stack.ts'
import { tempDir } from './temp-dir.ts'
import { until } from './until.ts'

/** A folder with a gatez.yaml, and the built program run in it. Removed when the running test is over. */
export class Project {
  readonly folder = tempDir()
  /** The script of the program. */
  readonly entry: string
  readonly env: Readonly<Record<string, string>>
  #serving: ServeProcess | undefined
  /** Serves the control API to commands of tests that have no gateway. */
  #hidden: ServeProcess | undefined
  /** On the production stack. */
  #stores: StoresOnServers | undefined

  readonly #isNear: boolean

  constructor({ build = 'lib', env = {}, near = false }: ProjectOptions = {}) {
    this.#isNear = near
    this.entry = builtProgram(build)
    this.env = env
  }

  /** A project with this configuration (JSON is YAML), its plans in force. */
  static async with(config: object, options?: ProjectOptions): Promise<Project> {
    const project = new Project(options)
    options?.before?.(project)
    project.writeConfig(JSON.stringify(config, null, 2))
    await project.run('apply')
    return project
  }

  /** What `gatez init` writes, with addresses of this run. */
  static async ofTemplate(upstreamPort: number, threads = 4): Promise<Project> {
    const project = new Project()
    await project.run('init', '--yes', '--template', 'dataforge')
    project.changeConfig((text) =>
      text
        .replace('127.0.0.1:8080', '127.0.0.1:0')
        .replace('127.0.0.1:9000', `127.0.0.1:${upstreamPort}`)
        .replace('threads: auto', `threads: ${threads}`),
    )
    await project.run('apply')
    return project
  }

  path(...parts: readonly string[]): string {
    return join(this.folder, ...parts)
  }

  writeConfig(text: string): void {
    writeFileSync(this.path('gatez.yaml'), this.onStack(text))
  }

  /** The same file on the stores of this run's stack, unless the test says where they are. */
  onStack(text: string): string {
    if (stackOfRun() === 'embedded') return text
    this.#stores ??= newStores()
    if (!text.startsWith('{')) return text.replace(/^stores:.*\n(?: .*\n)*|^(?=apis:)/m, yamlOf(this.#stores))
    const file = JSON.parse(text)
    return JSON.stringify({ ...file, stores: { ...this.#stores, ...file.stores } }, null, 2)
  }

  /** What of the stores is in servers; undefined where they are files. */
  get stores(): StoresOnServers | undefined {
    return this.#stores
  }

  changeConfig(change: (text: string) => string): void {
    const before = readFileSync(this.path('gatez.yaml'), 'utf8')
    const after = change(before)
    expect(after, 'the change changes something').not.toBe(before)
    this.writeConfig(after)
  }

  /**
   * Runs a command to its end, however that is.
   *
   * With GATEZ_FLOW=remote in the environment of the tests, through the control API of the gateway that runs
   * in this folder, or of one that is started for it: the same tests, the same answers.
   */
  async try(...argv: string[]): Promise<CliResult> {
    const env = { ...this.env, ...(await this.#remote(argv)) }
    return runCli(argv, { cwd: this.folder, entry: this.entry, env })
  }

  async #remote([topic = '']: readonly string[]): Promise<Readonly<Record<string, string>>> {
    if (process.env.GATEZ_FLOW !== 'remote' || this.#isNear) return {}
    if (!REMOTE_TOPICS.includes(topic)) {
      await this.#stopHidden()
      return {}
    }
    if (this.#serving?.running !== true && this.#hidden?.running !== true) {
      const options = { cwd: this.folder, entry: this.entry, env: this.env }
      // What it cannot start with is the test's own matter.
      this.#hidden = await ServeProcess.start(options).catch(() => undefined)
    }
    const serving = this.#serving?.running === true ? this.#serving : this.#hidden
    if (serving === undefined) return {}
    const port = await until('control listens', () => serving.controlPort || undefined)
    const token = readFileSync(this.path('.gatez', 'operator-token'), 'utf8').trim()
    return { GATEZ_URL: `http://127.0.0.1:${port}`, GATEZ_TOKEN: token }
  }

  /** Runs a command that must succeed, and returns what it printed. */
  async run(...argv: string[]): Promise<string> {
    const { stdout, stderr, exitCode } = await this.try(...argv)
    if (exitCode !== 0) throw new Error(`gatez ${argv.join(' ')} ended with ${exitCode}: ${stdout}${stderr}`)
    return stdout
  }

  async json(...argv: string[]): Promise<any> {
    return JSON.parse(await this.run(...argv, '--json'))
  }

  /** A tenant on a plan with one key; returns its secret. */
  async tenant(id: string, plan: string): Promise<string> {
    await this.run('tenants', 'create', id, '--plan', plan)
    return (await this.json('keys', 'create', id)).secret
  }

  async #stopHidden(): Promise<void> {
    await this.#hidden?.stop()
    this.#hidden = undefined
  }

  async serve(env: Readonly<Record<string, string>> = {}): Promise<ServeProcess> {
    await this.#stopHidden()
    const options = { cwd: this.folder, entry: this.entry, env: { ...this.env, ...env } }
    this.#serving = await ServeProcess.start(options)
    return this.#serving
  }

  /** `gatez serve` with these flags. */
  async serveWith(...args: string[]): Promise<ServeProcess> {
    await this.#stopHidden()
    return ServeProcess.start({ cwd: this.folder, entry: this.entry, env: this.env, args })
  }

  /** Starts another command that stays, without waiting for anything. */
  spawn(...argv: string[]): ServeProcess {
    const [command = '', ...args] = argv
    return ServeProcess.spawn({ cwd: this.folder, entry: this.entry, env: this.env, command, args })
  }

  /** Starts `serve` without waiting until it listens. */
  spawnServe(): ServeProcess {
    return ServeProcess.spawn({ cwd: this.folder, entry: this.entry, env: this.env })
  }
}

/** Commands that can be done by a control API. */
const REMOTE_TOPICS = [
  ...['tenants', 'keys', 'members', 'plans', 'tokens', 'usage', 'why', 'reconcile', 'apply'],
  ...['invoices', 'mail', 'routes', 'pricing', 'db'],
]

export interface ProjectOptions {
  readonly build?: Build
  readonly env?: Readonly<Record<string, string>>
  /** Commands go to the stores themselves, and no gateway is started for them, whatever GATEZ_FLOW says. */
  readonly near?: boolean
  /** Puts files in place that the configuration names. */
  readonly before?: (project: Project) => void
}

function yamlOf(stores: StoresOnServers): string {
  return `stores: ${JSON.stringify(stores)}\n`
}
