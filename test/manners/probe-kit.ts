import { createServer, type Socket } from 'node:net'
import { until } from '../support/until.ts'
import { type ReadAnswer, type ReadAnswers, readAnswers } from './answer-reader.ts'
import { listen } from './listen.ts'
import { type ReadRequest, readRequest } from './request-reader.ts'
import { Wire } from './wire.ts'

/** A promise on how a proxy behaves, and how to see that it is kept. */
export interface Probe {
  readonly name: string
  readonly promise: string
  /** Resolves to undefined when the promise held, else to how it was broken. */
  readonly run: (start: StartProxy) => Promise<string | undefined>
}

/** Starts the proxy on trial in front of an upstream. It should wait 400 ms at most for the head of an answer. */
export type StartProxy = (upstreamPort: number) => Promise<ProxyAddress>

export interface ProxyAddress {
  readonly port: number
  /** A key that opens everything. */
  readonly secret: string
}

/** What is waited for when nothing need come: long enough for what should not, on a busy machine too. */
export const PATIENCE_MS = 1_500

/** An upstream that keeps every byte it got, and answers as a script says, with whatever bytes. */
export class ScriptedUpstream {
  readonly requests: ReadRequest[] = []
  readonly sockets = new Set<Socket>()
  /** All bytes of all connections, in the order they came. */
  received = ''
  port = 0
  readonly #script: (request: ReadRequest, socket: Socket, count: number) => void

  private constructor(script: (request: ReadRequest, socket: Socket, count: number) => void) {
    this.#script = script
  }

  /** `script` runs for each whole request; `count` says how many came on all connections, this one included. */
  static async start(
    script: (request: ReadRequest, socket: Socket, count: number) => void,
  ): Promise<ScriptedUpstream> {
    const upstream = new ScriptedUpstream(script)
    upstream.port = await listen(createServer((socket) => upstream.#serve(socket)))
    return upstream
  }

  /** Answers every request with the same bytes. */
  static answering(bytes: string): Promise<ScriptedUpstream> {
    return ScriptedUpstream.start((_request, socket) => socket.write(bytes, 'latin1'))
  }

  #serve(socket: Socket): void {
    let bytes = ''
    this.sockets.add(socket)
    socket.setNoDelay(true)
    socket.once('close', () => this.sockets.delete(socket))
    socket.on('data', (piece: Buffer) => {
      const text = piece.toString('latin1')
      this.received += text
      bytes += text
      for (;;) {
        const reading = readRequest(bytes, 0)
        if (reading.kind !== 'request') return
        bytes = bytes.slice(reading.request.end)
        this.requests.push(reading.request)
        this.#script(reading.request, socket, this.requests.length)
      }
    })
  }
}

/** An answer with a length. */
export function answerOf(body: string, ...fields: readonly string[]): string {
  const lines = ['HTTP/1.1 200 OK', `Content-Length: ${body.length}`, ...fields]
  return `${lines.join('\r\n')}\r\n\r\n${body}`
}

/** An answer in one chunk. */
export function chunkedOf(body: string, trailers = '', ...fields: readonly string[]): string {
  const lines = ['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', ...fields]
  return `${lines.join('\r\n')}\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n${trailers}\r\n`
}

/** The head of a request with a key: first line, the usual fields, and those given. */
export function ask({ secret }: ProxyAddress, line: string, ...fields: readonly string[]): string {
  return [line, 'Host: a', `x-api-key: ${secret}`, ...fields, '', ''].join('\r\n')
}

/** What came back for some bytes. */
export interface Heard extends ReadAnswers {
  readonly received: string
  readonly ended: boolean
  readonly first: ReadAnswer | undefined
}

/** Sends bytes on a connection of its own, and returns what came until `due` answers were whole, or an end. */
export async function tell(port: number, bytes: string, due = 1, method = 'GET'): Promise<Heard> {
  const wire = new Wire(port)
  wire.send(bytes)
  const methods = Array.from({ length: due }, () => method)
  await wire.sees((received) => {
    const { finals, problem } = readAnswers(received, methods, false)
    return problem !== undefined || finals.filter((each) => each.whole).length >= due
  }, PATIENCE_MS)
  wire.destroy()
  return heardOf(wire, methods)
}

/** What a connection holds by now. */
export function heardOf({ received, ended }: Wire, methods: readonly string[]): Heard {
  const answers = readAnswers(received, methods, ended)
  return { ...answers, received, ended, first: answers.finals[0] }
}

/** Whether something becomes true in time. */
export function becomes(what: () => boolean, withinMs = PATIENCE_MS): Promise<boolean> {
  return until('it is so', () => what() || undefined, withinMs).catch(() => false)
}

/** How an answer differs from the status and body it should have; undefined when it does not. */
export function unlike({ first, received }: Heard, status: number, body?: string): string | undefined {
  if (first?.status === status && first.whole && (body === undefined || first.body === body)) return undefined
  return `not a whole ${status}${body === undefined ? '' : ` with ${body}`}: ${quote(received)}`
}

/** Some bytes for a message. */
export function quote(bytes: string): string {
  return JSON.stringify(bytes.slice(0, 300))
}
