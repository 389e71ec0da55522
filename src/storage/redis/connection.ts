import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import type { Cluster, Redis, RedisOptions } from 'ioredis'
import type { RedisCountersConfig } from '../../config/counters-config.ts'
import { GatezError } from '../../errors/gatez-error.ts'
import type { ScriptCall } from './script-call.ts'

/** How long a server may take to accept a connection. */
const CONNECT_MS = 2_000
/** After so long without a word on what was asked, the connection is given up: its other end may be gone. */
const SILENT_MS = 10_000
const RETRY_MS_MIN = 50
const RETRY_MS_MAX = 1_000

/**
 * A connection to Redis that comes back by itself, and never keeps anyone waiting for that.
 *
 * What is asked while there is none fails at once; what was under way when it broke fails, too, and is not
 * sent again: it may have been done.
 */
export class RedisConnection {
  readonly isCluster: boolean
  readonly prefix: string
  /** undefined until the driver is loaded: like a server that is not connected yet. */
  #made: Connected | undefined
  #run: string | undefined
  #problem: string | undefined
  #closing = false

  constructor(config: RedisCountersConfig, name: string) {
    this.isCluster = config.cluster
    this.prefix = config.prefix
    const options = optionsOf(config, name)
    // Loaded here: a gateway that counts in its own memory need not hold it, on any of its threads.
    void import('./driver.ts').then(({ redisDriver: driver }) => {
      if (!this.#closing) this.#connect(driver, config, options)
    })
  }

  /** Which run of the server this is: another one may have lost what the last one counted. undefined: not connected. */
  get run(): string | undefined {
    return this.#run
  }

  /** What went wrong last; undefined while it is connected. */
  get problem(): string | undefined {
    return this.#problem
  }

  /** Sends one command and resolves to its reply. Rejects at once without a connection. */
  async send(name: string, args: readonly (string | number)[]): Promise<unknown> {
    return this.#connected().client.call(name, [...args])
  }

  /** Runs a script, by its name where the server knows it. Texts in its reply are bytes. */
  async script(source: string, sha: string, call: ScriptCall): Promise<unknown> {
    try {
      return await this.#sendScript('evalsha', sha, call)
    } catch (error) {
      // It was not run: a server that started anew knows no scripts.
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
      return await this.#sendScript('eval', source, call)
    }
  }

  /** All keys that match a pattern of Redis, some at a time. */
  async *keys(pattern: string): AsyncIterable<readonly string[]> {
    const { client } = this.#connected()
    const servers = 'nodes' in client ? client.nodes('master') : [client]
    for (const server of servers) {
      for await (const keys of server.scanStream({ match: pattern, count: 500 })) yield keys
    }
  }

  /** Gives the connection up and makes another. */
  reset(): void {
    this.#run = undefined
    if (!this.#closing) this.#made?.client.disconnect(true)
  }

  async close(): Promise<void> {
    this.#closing = true
    this.#made?.client.disconnect()
  }

  #connect(driver: RedisDriver, config: RedisCountersConfig, options: RedisOptions): void {
    const { host, port } = config
    const client = config.cluster
      ? new driver.Cluster([{ host, port }], {
          redisOptions: options,
          enableOfflineQueue: false,
          clusterRetryStrategy: retryMs,
          slotsRefreshTimeout: CONNECT_MS,
          scaleReads: 'master',
        })
      : new driver.Redis({ ...options, host, port })
    this.#made = { client, driver }
    client.on('ready', () => this.#learnRun(client))
    client.on('close', () => {
      this.#run = undefined
    })
    client.on('error', (error: Error) => {
      this.#problem = error.message
    })
  }

  #sendScript(name: 'evalsha' | 'eval', script: string, call: ScriptCall): Promise<unknown> {
    const { client, driver } = this.#connected()
    const place = call.firstKey === undefined ? ['0'] : ['1', call.firstKey]
    const command = new driver.WrittenCommand(name, [script, ...place], call.written(name, script))
    client.sendCommand(command)
    return command.promise
  }

  #connected(): Connected {
    if (this.#made === undefined) throw new Error('Redis is not connected yet')
    return this.#made
  }

  #learnRun(client: Redis | Cluster): void {
    const learnt = (run: string): void => {
      this.#run = run
      this.#problem = undefined
    }
    if ('nodes' in client) {
      learnt('cluster')
      return
    }
    client.info('server').then(
      (info) => {
        if (client.status === 'ready') learnt(/^run_id:(\w+)/m.exec(info)?.[1] ?? 'unknown')
      },
      (error: Error) => {
        if (this.#closing) return
        this.#problem = error.message
        client.disconnect(true)
      },
    )
  }
}

function optionsOf(config: RedisCountersConfig, name: string): RedisOptions {
  return {
    ...(config.username !== '' && { username: config.username }),
    ...(config.password !== '' && { password: config.password }),
    db: config.database,
    ...(config.tls && { tls: tlsOf(config) }),
    connectionName: name,
    protocol: 2,
    disableClientInfo: true,
    connectTimeout: CONNECT_MS,
    socketTimeout: SILENT_MS,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: retryMs,
    // The server became a replica: whoever the name leads to now is the one to ask.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  }
}

function tlsOf({ host, ca }: RedisCountersConfig): { servername?: string; ca?: Buffer } {
  // An address is no name to ask for.
  return { ...(isIP(host) === 0 && { servername: host }), ...(ca !== '' && { ca: readCa(ca) }) }
}

function retryMs(attempt: number): number {
  return Math.min(RETRY_MS_MAX, RETRY_MS_MIN * attempt)
}

function readCa(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    const detail = `stores.counters: the certificate ${path} of its option ca cannot be read.`
    throw new GatezError('config-invalid', detail, { cause })
  }
}

interface Connected {
  readonly client: Redis | Cluster
  readonly driver: RedisDriver
}

type RedisDriver = typeof import('./driver.ts')['redisDriver']
