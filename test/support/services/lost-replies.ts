import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/**
 * Stands between gatez and Postgres, and takes answers to a COMMIT away: the server has committed, and the
 * client only sees its connection break. Ends with the running test.
 */
export class LostReplies {
  /** The address to use in place of the server's. */
  readonly url: string
  /** Commits whose answer was taken away. */
  lost = 0
  /** Which commits lose theirs: every so many-th; 0 for none. */
  every = 0
  #commits = 0

  private constructor(url: string) {
    this.url = url
  }

  static async before(serverUrl: string): Promise<LostReplies> {
    const target = new URL(serverUrl)
    const sockets = new Set<Socket>()
    const server = createServer((client) => {
      const upstream = connect(Number(target.port), target.hostname)
      for (const socket of [client, upstream]) {
        sockets.add(socket)
        socket.on('error', () => {})
        socket.on('close', () => {
          client.destroy()
          upstream.destroy()
          sockets.delete(socket)
        })
      }
      proxy.#connect(client, upstream)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (typeof address !== 'object' || address === null) throw new Error('a listener has an address')
    const url = new URL(serverUrl)
    url.port = String(address.port)
    const proxy = new LostReplies(url.href)
    onTestFinished(() => {
      server.close()
      for (const socket of sockets) socket.destroy()
    })
    return proxy
  }

  #connect(client: Socket, upstream: Socket): void {
    let losing = false
    client.on('data', (chunk) => {
      if (chunk.includes('commit\0')) {
        this.#commits += 1
        losing = this.every > 0 && this.#commits % this.every === 0
      }
      upstream.write(chunk)
    })
    upstream.on('data', (chunk) => {
      if (!losing) {
        client.write(chunk)
        return
      }
      // It answered: so it is done there.
      this.lost += 1
      client.destroy()
    })
  }
}
