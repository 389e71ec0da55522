import { chunkDrafts } from './payload-chunks.ts'
import { framingDrafts } from './payload-framing.ts'
import { hopDrafts } from './payload-hop.ts'
import { meaningDrafts } from './payload-meaning.ts'
import { type Draft, inChunk, type PayloadContext, request } from './payload-parts.ts'
import { syntaxDrafts } from './payload-syntax.ts'

/** Bytes that a client may send to make two servers disagree. */
export interface Payload {
  /** Its path is `/p-<number>`, the hidden request's `/canary-<number>`. */
  readonly number: number
  readonly name: string
  /** latin1: one character is one byte. */
  readonly bytes: string
}

/** The whole corpus, always the same and without doubles, each payload with the field `x-api-key: <secret>`. */
export function payloads(secret: string): readonly Payload[] {
  const drafts = new Map(
    [...framingDrafts(), ...chunkDrafts(), ...syntaxDrafts(), ...meaningDrafts(), ...hopDrafts()].map(
      (draft) => [draft.make(contextOf(0, secret)), draft],
    ),
  )
  return [...drafts.values()].map(({ name, make }, number) => {
    return { number, name, bytes: make(contextOf(number, secret)) }
  })
}

/** Requests that no one should stumble over, not even a broken proxy. */
export function harmlessPayloads(secret: string): readonly Payload[] {
  const drafts: readonly Draft[] = [
    { name: 'GET', make: (context) => request(context, [], '', 'GET') },
    { name: 'POST with a length', make: (context) => request(context, ['Content-Length: 5'], 'hello') },
    { name: 'PUT with nothing', make: (context) => request(context, ['Content-Length: 0'], '', 'PUT') },
    {
      name: 'POST in chunks',
      make: (context) => request(context, ['Transfer-Encoding: chunked'], inChunk('hello')),
    },
  ]
  return drafts.map(({ name, make }, number) => ({ number, name, bytes: make(contextOf(number, secret)) }))
}

/** A request no one can misread, and on whose answer its connection ends. */
export function plainRequest(path: string, secret: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: a\r\nx-api-key: ${secret}\r\nConnection: close\r\n\r\n`
}

function contextOf(number: number, secret: string): PayloadContext {
  const host = 'Host: a\r\n'
  const key = `x-api-key: ${secret}\r\n`
  const usual = host + key
  return {
    path: `/p-${number}`,
    usual,
    host,
    key,
    canary: `GET /canary-${number} HTTP/1.1\r\n${usual}\r\n`,
  }
}
