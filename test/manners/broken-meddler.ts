import { connect, createServer, type Socket } from 'node:net'
import { type ReadAnswer, readAnswers } from './answer-reader.ts'
import { listen } from './listen.ts'
import { type ReadRequest, readRequest } from './request-reader.ts'

/**
 * Means well: decodes and tidies paths, folds fields of one name into one, and keeps an answer until all
 * of it is there. Answers go out as they come in, in whatever order, always with a body.
 */
export function startMeddler(upstreamPort: number): Promise<number> {
  return listen(
    createServer((client) => {
      let bytes = ''
      client.on('data', (piece: Buffer) => {
        bytes += piece.toString('latin1')
        for (;;) {
          const reading = readRequest(bytes, 0)
          if (reading.kind !== 'request') return
          bytes = bytes.slice(reading.request.end)
          passOn(reading.request, client, upstreamPort)
        }
      })
    }),
  )
}

function passOn(request: ReadRequest, client: Socket, port: number): void {
  const upstream = connect({ port, host: '127.0.0.1' })
  let received = ''
  const look = (ended: boolean) => {
    const [answer] = readAnswers(received, [request.method], ended).finals
    if (answer === undefined || (!answer.whole && !ended)) return
    upstream.destroy()
    client.write(render(answer), 'latin1')
    if (request.fields.some(([name, value]) => /^connection$/i.test(name) && value === 'close')) client.end()
  }
  const fields = request.fields
    .filter(([name]) => !/^(?:content-length|transfer-encoding)$/i.test(name))
    .map(([name, value]) => `${name}: ${value}\r\n`)
  const head = `${request.method} ${tidy(request.target)} HTTP/1.1\r\n${fields.join('')}`
  upstream.write(`${head}Content-Length: ${request.body.length}\r\n\r\n${request.body}`, 'latin1')
  upstream.on('error', () => client.destroy())
  upstream.on('data', (piece: Buffer) => {
    received += piece.toString('latin1')
    look(false)
  })
  upstream.on('end', () => look(true))
}

/** What a path would be if it were a file name. */
function tidy(target: string): string {
  const parts: string[] = []
  let decoded = target
  try {
    decoded = decodeURIComponent(target)
  } catch {}
  for (const part of decoded.replaceAll('\\', '/').split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}

function render(answer: ReadAnswer): string {
  const folded = new Map<string, string>()
  for (const [name, value] of answer.fields) {
    if (name === 'content-length' || name === 'transfer-encoding') continue
    const before = folded.get(name)
    folded.set(name, before === undefined ? value : `${before}, ${value}`)
  }
  const body = answer.body === '' ? 'nothing' : answer.body
  const fields = [...folded].map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return `HTTP/1.1 ${answer.status} Answer\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`
}
