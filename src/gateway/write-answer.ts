import type { IncomingMessage } from 'node:http'
import type { Exchange } from './exchange.ts'
import type { SentAnswer } from './keeper-messages.ts'
import type { OwnAnswer } from './own-endpoints.ts'
import type { Refusal } from './refusal.ts'

// Answers that no upstream gave. Each is written in one go, unless an answer is under way or the client is gone.

/** Says whether the connection of a request ends with its answer; asked once for each answer that is written. */
export type IsLast = (request: IncomingMessage) => boolean

/** Writes a problem; `fields` are gatez's own for this answer. */
export function writeProblem(exchange: Exchange, refusal: Refusal, how: ProblemParts): void {
  const { request, response, requestId } = exchange
  if (response.headersSent || response.destroyed) return
  const body = refusal.toJson(requestId, how.docsUrl)
  const head = [...typed('application/problem+json', body), 'gatez-error', refusal.code]
  head.push(...how.fields, ...exchange.fields, ...refusal.headers)
  if (ENDING.has(refusal.code) || how.isLast(request)) head.push('Connection', 'close')
  response.writeHead(refusal.status, head)
  response.end(body)
}

export interface ProblemParts {
  readonly fields: readonly string[]
  readonly docsUrl: string | null
  readonly isLast: IsLast
}

/** Writes what gatez answers itself. */
export function writeOwn(
  { request, response, requestId }: Exchange,
  answer: OwnAnswer,
  isLast: IsLast,
): void {
  if (response.headersSent || response.destroyed) return
  const { status, body } = answer
  const text = `${typeof body === 'string' ? body : JSON.stringify(body)}\n`
  const head = [...typed('application/json', text), 'Cache-Control', 'no-store', 'x-request-id', requestId]
  if (isLast(request)) head.push('Connection', 'close')
  response.writeHead(status, head)
  response.end(text)
}

/** Writes an answer that was kept. */
export function writeKept({ response }: Exchange, answer: SentAnswer, { fields, isLast }: KeptParts): void {
  if (response.headersSent || response.destroyed) return
  const head = [...fields]
  if (answer.status !== 204 && answer.status !== 304) head.push('Content-Length', String(answer.body.length))
  if (isLast) head.push('Connection', 'close')
  if (answer.statusText === null) response.writeHead(answer.status, head)
  else response.writeHead(answer.status, answer.statusText, head)
  response.end(answer.body)
}

export interface KeptParts {
  readonly fields: readonly string[]
  readonly isLast: boolean
}

/** Writes the answer to a browser that asks whether a page may call. */
export function writePreflight(
  { request, response, requestId }: Exchange,
  fields: readonly string[],
  isLast: IsLast,
): void {
  if (response.headersSent || response.destroyed) return
  const head = ['x-request-id', requestId, ...fields]
  if (isLast(request)) head.push('Connection', 'close')
  response.writeHead(204, head)
  response.end()
}

/** Problems after which a connection is not gone on with, whatever was read. */
const ENDING: ReadonlySet<string> = new Set([
  ...['malformed-request', 'overloaded', 'unsupported-transfer-coding'],
])

function typed(type: string, body: string): readonly string[] {
  return ['Content-Type', type, 'Content-Length', String(Buffer.byteLength(body))]
}
