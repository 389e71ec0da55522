import { connect, createServer, type Socket } from 'node:net'
import { listen } from './listen.ts'

/**
 * Believes Content-Length even where chunks are declared, and forwards both.
 *
 * One upstream connection per client; every byte of head and body goes on as it came, and every byte of
 * the answer comes back as it is.
 */
export function startLengthFirst(upstreamPort: number): Promise<number> {
  return listen(createServer({ allowHalfOpen: true }, (client) => relay(client, upstreamPort)))
}

function relay(client: Socket, upstreamPort: number): void {
  const upstream = connect({ port: upstreamPort, host: '127.0.0.1', noDelay: true })
  let bytes = ''
  upstream.on('error', () => {})
  upstream.on('data', (piece: Buffer) => client.write(piece))
  upstream.on('end', () => client.end())
  client.on('close', () => upstream.destroy())
  client.on('end', () => {
    upstream.end()
    client.end()
  })
  client.on('data', (piece: Buffer) => {
    bytes += piece.toString('latin1')
    for (;;) {
      const end = messageEnd(bytes)
      if (end === undefined) return
      upstream.write(bytes.slice(0, end), 'latin1')
      bytes = bytes.slice(end)
    }
  })
}

/** Where the first message ends; undefined when that is not there yet. */
function messageEnd(bytes: string): number | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd === -1) return undefined
  const head = bytes.slice(0, headEnd)
  const body = headEnd + 4
  const length = /\ncontent-length\s*:\s*(\d+)/i.exec(head)?.[1]
  if (length !== undefined) {
    const end = body + Number(length)
    return end <= bytes.length ? end : undefined
  }
  if (!/\ntransfer-encoding\s*:.*chunked/i.test(head)) return body
  const last = bytes.indexOf('0\r\n\r\n', body)
  return last === -1 ? undefined : last + 5
}
