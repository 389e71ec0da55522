import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildOnce } from './build.ts'
import { temporaryFolder } from './child.ts'
import { copyGatez, type GatezOptions, type PreparedGatez, prepareGatez } from './load.ts'
import { nginxCommand } from './nginx.ts'
import { GATEWAY_CPU, LOAD_CPU, placeBench } from './places.ts'
import { cpuSeconds, type Program, startPinned } from './programs.ts'
import { wrk } from './wrk.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const UPSTREAM_PORT = 19_300

/** Made once for all parts of one run; gone with the bench. */
let seed: PreparedGatez | undefined

/** Connections of a load that is not told how many. */
export const CONNECTIONS = 256

/**
 * What each part of the baseline stands on: the program built, an upstream on the core of the load, and tenants
 * and keys that each gateway of the part gets a copy of.
 */
export class Stage implements AsyncDisposable {
  readonly dir: string
  readonly upstreamPort = UPSTREAM_PORT
  /** Never served: what each gateway gets a copy of. */
  readonly seed: PreparedGatez
  readonly #started = new AsyncDisposableStack()

  private constructor(dir: string, seed: PreparedGatez) {
    this.dir = dir
    this.seed = seed
    this.#started.defer(() => rmSync(dir, { recursive: true, force: true }))
  }

  /** `readsFirst`: the upstream answers a request once it has read all of its body. */
  static async set({ readsFirst = false } = {}): Promise<Stage> {
    seed ??= await makeSeed()
    const stage = new Stage(mkdtempSync(join(tmpdir(), 'gatez-bench-')), seed)
    const upstream = nginxCommand(join(stage.dir, 'nginx'), UPSTREAM_PORT, readsFirst)
    await stage.start(LOAD_CPU, UPSTREAM_PORT, upstream)
    return stage
  }

  /** A folder with a configuration of its own; tenants and keys are those of the seed. */
  copy(name: string, options: Omit<GatezOptions, 'upstreamPort'>): PreparedGatez {
    return copyGatez(this.seed, join(this.dir, name), { ...options, upstreamPort: UPSTREAM_PORT })
  }

  /** Starts a program that ends with the stage. */
  async start(cpu: number, port: number, command: readonly string[]): Promise<Program> {
    return this.#started.use(await startPinned(cpu, port, command))
  }

  /** Starts gatez on a folder of its own. */
  async gatez(name: string, options: Omit<GatezOptions, 'upstreamPort'>): Promise<Peer> {
    const { file } = this.copy(name, options)
    return new Peer(name, options.port, await this.start(GATEWAY_CPU, options.port, gatezCommand(file)))
  }

  /** Starts what the platform does at least: node:http and undici, and nothing else. */
  async bare(port: number): Promise<Peer> {
    const script = join(ROOT, 'test/bench/bare-pass-through.js')
    const command = [process.execPath, script, String(port), `http://127.0.0.1:${UPSTREAM_PORT}`]
    return new Peer(BARE, port, await this.start(GATEWAY_CPU, port, command))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#started.disposeAsync()
  }
}

function makeSeed(): Promise<PreparedGatez> {
  buildOnce()
  // Tenants and keys take long to make beside other work.
  placeBench(false)
  const options = { durability: 'disk', port: 0, upstreamPort: UPSTREAM_PORT } as const
  return prepareGatez(temporaryFolder().path, options)
}

/** What the pass-through is called in tables. */
export const BARE = 'bare node:http + undici'

/** How gatez is started on a configuration. */
export function gatezCommand(file: string): readonly string[] {
  return [process.execPath, join(ROOT, 'bin/gatez.js'), 'serve', '--config', file]
}

/** At the start of each turn. */
const TURN_WARM_UP_SECONDS = 10

/** How `Peer.round` measured, for what is kept of it. */
export function roundsText(rounds: string, seconds: string): string {
  return `${rounds} rounds of ${seconds} s, each behind ${TURN_WARM_UP_SECONDS} s that are not counted`
}

/** One of those that are compared, with what it did in each round. */
export class Peer {
  readonly name: string
  readonly port: number
  readonly program: Program
  readonly rates: number[] = []
  readonly cpuMicros: number[] = []

  constructor(name: string, port: number, program: Program) {
    this.name = name
    this.port = port
    this.program = program
  }

  /** Sends it load; throws when a call failed, unless they are meant to be refused. */
  async load(options: LoadOptions): Promise<number> {
    const { script, seconds, connections = CONNECTIONS, refused = false } = options
    const cpuBefore = cpuSeconds(this.program.pid)
    const load = await wrk({ cpu: LOAD_CPU, connections, seconds, script, port: this.port })
    const failed = refused ? load.requests - load.failures : load.failures
    if (failed > 0) throw new Error(`${this.name}: ${failed} of ${load.requests} calls went otherwise`)
    this.rates.push(load.requestsPerSecond)
    this.cpuMicros.push(((cpuSeconds(this.program.pid) - cpuBefore) * 1e6) / load.requests)
    return load.requestsPerSecond
  }

  /**
   * Load that is neither judged nor kept: code that runs hot is compiled in stages, each key is read from the store
   * once, and wrk gives up a call after two seconds.
   */
  async warmUp(options: Omit<LoadOptions, 'refused'>): Promise<void> {
    await wrk({ cpu: LOAD_CPU, connections: CONNECTIONS, ...options, port: this.port })
  }

  /**
   * One round of many: some seconds that are not counted, then those that are. While the others had their turns it was
   * idle, and V8 gives back then what it had compiled and reserved.
   */
  async round(options: LoadOptions): Promise<number> {
    await this.warmUp({ ...options, seconds: TURN_WARM_UP_SECONDS })
    return this.load(options)
  }

  /** Forgets the rounds so far. */
  forget(): void {
    this.rates.length = this.cpuMicros.length = 0
  }
}

export interface LoadOptions {
  /** The Lua script for wrk. */
  readonly script: string
  readonly seconds: number
  readonly connections?: number
  /** Whether each call is to be refused. */
  readonly refused?: boolean
}
