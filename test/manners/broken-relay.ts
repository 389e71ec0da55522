import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { onTestFinished } from 'vitest'
import { listen } from './listen.ts'

/**
 * `node:http` in and `http.request` out, with everything forgiven and every field passed on.
 *
 * An answer that breaks off is ended as if it were whole, and a client that leaves changes nothing.
 */
export function startRelay(upstreamPort: number): Promise<number> {
  const agent = new Agent({ keepAlive: true })
  onTestFinished(() => agent.destroy())
  const server = createServer(
    { insecureHTTPParser: true, requireHostHeader: false, joinDuplicateHeaders: true },
    (incoming, outgoing) => relay(incoming, outgoing, upstreamPort, agent),
  )
  server.on('checkExpectation', (incoming, outgoing) => relay(incoming, outgoing, upstreamPort, agent))
  return listen(server)
}

function relay(incoming: IncomingMessage, outgoing: ServerResponse, port: number, agent: Agent): void {
  const { method, url: path, rawHeaders: headers } = incoming
  try {
    const onward = request({
      host: '127.0.0.1',
      port,
      method,
      path,
      headers,
      agent,
      insecureHTTPParser: true,
    })
    onward.on('response', (answer) => passBack(answer, outgoing))
    onward.on('error', () => outgoing.destroy())
    incoming.pipe(onward)
  } catch {
    outgoing.destroy()
  }
}

function passBack(answer: IncomingMessage, outgoing: ServerResponse): void {
  const fields: string[] = []
  for (let index = 0; index + 1 < answer.rawHeaders.length; index += 2) {
    const name = answer.rawHeaders[index]!
    if (name.toLowerCase() !== 'content-length') fields.push(name, answer.rawHeaders[index + 1]!)
  }
  try {
    outgoing.writeHead(answer.statusCode ?? 500, fields)
    answer.on('data', (piece) => outgoing.write(piece))
    answer.on('error', () => {})
    answer.on('close', () => outgoing.end())
  } catch {
    outgoing.destroy()
  }
}
