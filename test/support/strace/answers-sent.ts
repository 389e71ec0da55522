import { AnswerParser } from '../answer-parser.ts'
import type { SystemCall } from './parse-strace.ts'

/** An answer that a traced gateway sent to its end. */
export interface AnswerSent {
  /** Its x-request-id. */
  readonly id: string
  /** The place, in the order of calls, of the call that ended it. */
  readonly moment: number
  /** Seconds since 1970. */
  readonly atS: number
}

/**
 * The answers that went out on a port, each with the call that made it whole for its client: the write of its last
 * byte, or the end of the connection where that ends it.
 *
 * Requests by HEAD have ids that begin with `head-`, requests by HTTP/1.0 ids that begin with `old-`: what ends
 * an answer depends on what was asked.
 */
export function answersSent(calls: readonly SystemCall[], port: number): AnswerSent[] {
  const connections = new Map<string, Connection>()
  const sent: AnswerSent[] = []
  for (const call of calls) {
    if (call.result < 0 || !call.target.startsWith(`TCP:[127.0.0.1:${port}->`)) continue
    const connection = connections.get(call.target) ?? new Connection()
    connections.set(call.target, connection)
    const id = connection.take(call)
    if (id !== undefined) sent.push({ id, moment: call.began, atS: call.atS })
    if (call.name === 'close') connections.delete(call.target)
  }
  return sent
}

class Connection {
  readonly #parser = new AnswerParser()
  #isBetween = true
  /** The answer that the end of the connection will end. */
  #open: string | undefined

  /** The id of the answer that this call ends. */
  take({ name, strings, result }: SystemCall): string | undefined {
    if (name === 'shutdown' || name === 'close') return this.#takeOpen()
    if (!WRITES.has(name)) return undefined
    const bytes = Buffer.concat(strings).subarray(0, result)
    if (this.#isBetween) {
      const [, id = ''] = /\r\nx-request-id: (\S+)\r\n/i.exec(bytes.toString('latin1')) ?? []
      if (id.startsWith('old-')) this.#open = id
      this.#parser.expect(id.startsWith('head-') ? 'HEAD' : 'GET')
    }
    if (this.#open !== undefined) return undefined
    this.#isBetween = false
    const answer = this.#parser.push(bytes)
    if (answer === undefined) return undefined
    this.#isBetween = true
    return answer.headers.get('x-request-id')
  }

  #takeOpen(): string | undefined {
    const id = this.#open
    this.#open = undefined
    return id
  }
}

const WRITES: ReadonlySet<string> = new Set(['write', 'writev', 'sendto', 'sendmsg'])
