import { isDeepStrictEqual } from 'node:util'
import { Pool } from 'undici'
import type { Api } from '../model/api.ts'

/** Where the calls of one api go. */
export interface Upstream {
  readonly api: Api
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

  /**
   * Lets go of the pools that `apis` does not lead to any more: of apis that are gone or lead elsewhere.
   *
   * Calls in flight on them end as they would have.
   */
  keepOnly(apis: readonly Api[]): void {
    const kept = new Map(apis.map((api) => [api.id, api]))
    for (const [id, upstream] of this.#pools) {
      const api = kept.get(id)
      if (api !== undefined && sameUpstream(api, upstream.api)) continue
      this.#pools.delete(id)
      void upstream.pool.close()
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map(({ pool }) => pool.destroy()))
  }
}

function sameUpstream(left: Api, right: Api): boolean {
  return (
    left.upstream === right.upstream &&
    isDeepStrictEqual(left.timeouts, right.timeouts) &&
    isDeepStrictEqual(left.tls, right.tls)
  )
}

function tlsOptions({ tls }: Api) {
  return {
    ...(tls?.ca != null && { ca: tls.ca }),
    ...(tls?.cert != null && { cert: tls.cert }),
    ...(tls?.key != null && { key: tls.key }),
    ...(tls?.serverName != null && { servername: tls.serverName }),
  }
}

function open(api: Api): Upstream {
  const url = new URL(api.upstream)
  const pool = new Pool(url.origin, {
    connections: CONNECTIONS_MAX,
    pipelining: 1,
    connect: { timeout: api.timeouts.connectMs, ...tlsOptions(api) },
    headersTimeout: api.timeouts.headersMs,
    bodyTimeout: api.timeouts.idleMs,
    keepAliveTimeout: 4_000,
    maxHeaderSize: 65_536,
  })
  return { api, pool, basePath: url.pathname.replace(/\/$/, '') }
}
