// The upstream of the load programme: what it does is in the path. Prints its port.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

type Action = (request: IncomingMessage, response: ServerResponse, query: URLSearchParams) => void

const SMALL = '{"results":[{"id":1,"title":"first"},{"id":2,"title":"second"}],"total":2,"took_ms":3}\n'
const PIECE = Buffer.alloc(65_536, 'x')

let heldCount = 0

const ACTIONS: Readonly<Record<string, Action>> = {
  '/small': (request, response) => {
    request.resume()
    answer(response, SMALL)
  },
  /** Reads the body to its end, then answers. */
  '/sink': (request, response) => {
    request.resume().on('end', () => answer(response, SMALL))
  },
  /** Never answers and never reads the body. */
  '/hold': (_request, response) => {
    heldCount += 1
    response.on('close', () => {
      heldCount -= 1
    })
  },
  '/held': (_request, response) => answer(response, String(heldCount)),
  /** So many bytes as fast as they are taken. */
  '/big': (_request, response, query) => {
    let left = Number(query.get('bytes') ?? 4 * 1024 ** 2)
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': left })
    const send = (): void => {
      while (left > 0) {
        const piece = left < PIECE.length ? PIECE.subarray(0, left) : PIECE
        left -= piece.length
        if (!response.write(piece)) {
          response.once('drain', send)
          return
        }
      }
      response.end()
    }
    send()
  },
  /** Server-sent events, `every` ms, each with the time it was sent (CLOCK_MONOTONIC, in ns), until the client leaves. */
  '/events': (_request, response, query) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    const send = (): void => {
      response.write(`data: ${process.hrtime.bigint()}\n\n`)
    }
    send()
    const timer = setInterval(send, Number(query.get('every') ?? 50))
    response.on('close', () => clearInterval(timer))
  },
}

function handle(request: IncomingMessage, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://upstream')
  const action = ACTIONS[pathname.replace(/^\/open\//, '/')]
  if (action === undefined) response.writeHead(404).end()
  else action(request, response, searchParams)
}

/** A listener takes one connection in a turn of the loop: of one alone a busy upstream would take too few. */
const LISTENERS = 16

async function listen(port: number): Promise<number> {
  const server = createServer(handle)
  server.requestTimeout = server.headersTimeout = 0
  server.keepAliveTimeout = 600_000
  server.maxHeadersCount = 0
  server.listen({ port, host: '127.0.0.1', backlog: 4096, reusePort: true })
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('a listener on TCP has an address')
  return address.port
}

const port = await listen(0)
for (let more = 1; more < LISTENERS; more += 1) await listen(port)
console.log(`port ${port}`)

function answer(response: ServerResponse, text: string): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
  response.end(text)
}
