import pg from 'pg'

/**
 * Listens for the changes of all nodes, on a connection of its own.
 *
 * A connection that is lost is made anew a moment later; whatever was changed meanwhile must be looked for,
 * so it rings each time it begins to listen.
 */
export class PostgresDoorbell implements Disposable {
  readonly #url: string
  readonly #ring: () => void
  #client: pg.Client | undefined
  #retry: NodeJS.Timeout | undefined
  #ended = false

  constructor(url: string, ring: () => void) {
    this.#url = url
    this.#ring = ring
    void this.#listen()
  }

  [Symbol.dispose](): void {
    this.#ended = true
    clearTimeout(this.#retry)
    this.#drop()
  }

  async #listen(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#url,
      application_name: 'gatez changes',
      connectionTimeoutMillis: CONNECT_MS_MAX,
      keepAlive: true,
    })
    this.#client = client
    client.on('error', () => this.#again(client))
    client.on('end', () => this.#again(client))
    client.on('notification', this.#ring)
    try {
      await client.connect()
      await client.query('listen gatez_changes')
      this.#ring()
    } catch {
      this.#again(client)
    }
  }

  #again(client: pg.Client): void {
    if (this.#ended || this.#client !== client) return
    this.#drop()
    this.#retry = setTimeout(() => void this.#listen(), RETRY_MS)
  }

  #drop(): void {
    const client = this.#client
    this.#client = undefined
    client?.removeAllListeners('notification')
    client?.end().catch(() => {})
  }
}

const CONNECT_MS_MAX = 5_000
const RETRY_MS = 1_000
