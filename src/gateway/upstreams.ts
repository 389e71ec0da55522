import { Pool } from 'undici'
import type { Api } from '../model/api.ts'

/** Where the calls of one api go. */
export interface Upstream {
  readonly pool: Pool
  /** Put before every path; empty, or without a slash at its end. */
  readonly basePath: string
}

/** Connections to one origin, per gateway thread. */
const CONNECTIONS_MAX = 256

/**
 * The connections to the upstreams: one pool per api, never shared between two.
 *
 * An answer that strays on a connection can then only reach a client of the same api.
 */
export class Upstreams {
  readonly #pools = new Map<string, Upstream>()

  of(api: Api): Upstream {
    let upstream = this.#pools.get(api.id)
    if (upstream === undefined) {
      upstream = open(api)
      this.#pools.set(api.id, upstream)
    }
    return upstream
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map(({ pool }) => pool.destroy()))
  }
}

function open(api: Api): Upstream {
  const url = new URL(api.upstream)
  const pool = new Pool(url.origin, {
    connections: CONNECTIONS_MAX,
    pipelining: 1,
    connect: { timeout: api.timeouts.connectMs },
    headersTimeout: api.timeouts.headersMs,
    bodyTimeout: api.timeouts.idleMs,
    keepAliveTimeout: 4_000,
    maxHeaderSize: 65_536,
  })
  return { pool, basePath: url.pathname.replace(/\/$/, '') }
}
