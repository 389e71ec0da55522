import type { Dispatcher } from 'undici'
import Client from 'undici/lib/dispatcher/client.js'
import { expect, test } from 'vitest'
import { renderHead } from '../../../src/gateway/lane/plain-call.ts'
import { randomFrom } from '../../support/random.ts'
import { MemorySocket, settled } from './memory-socket.ts'

const CALLS = 20_000

const NAMES = [
  ...[
    'accept',
    'User-Agent',
    'x-request-id',
    'content-type',
    'Cookie',
    'x_a',
    'a!b',
    'x-empty',
    'range',
    'te',
  ],
  ...[
    'host',
    'Connection',
    'content-length',
    'Transfer-Encoding',
    'keep-alive',
    'upgrade',
    'expect',
    'a b',
    'ä',
    '',
  ],
]
const VALUES = [
  '*/*',
  '',
  ' ',
  'a\tb',
  'a, b',
  'x'.repeat(300),
  '5',
  'close',
  '\xe4',
  '\u010a',
  'a\r\nb: c',
  '\0',
  '\x7f',
]
const PATHS = ['/', '/v1/orders?page=2', '/%20', "/a;b='c'", '//x', '/a b', '/\u010a', '/\x80', 'x', '']
const BODIES = [null, null, Buffer.from('x'), Buffer.from('\r\n\r\n\xff\0', 'latin1'), Buffer.alloc(0)]
const METHODS = ['GET', 'DELETE', 'OPTIONS', 'HEAD', 'POST', 'get', 'TRACE']

const nothing = (): void => {}
const HANDLER: Dispatcher.DispatchHandler = {
  ...{ onRequestStart: nothing, onResponseStart: nothing, onResponseData: nothing },
  ...{ onResponseEnd: nothing, onResponseError: nothing },
}

/** What undici writes for a call, by way of a socket; undefined if it refuses it. */
class Written {
  text: string | undefined
  readonly client: Client

  constructor(call: Dispatcher.DispatchOptions) {
    const socket = new MemorySocket((piece) => {
      this.text = (this.text ?? '') + piece.toString('latin1')
    })
    this.client = new Client('http://api.example.com:8080', {
      connect: (_address, callback) => queueMicrotask(() => callback(null, socket as never)),
    })
    this.client.dispatch(call, HANDLER)
  }
}

test('a call that is plain is written as undici writes it, byte by byte', async () => {
  const random = randomFrom(3)
  const pick = <Item>(items: readonly Item[]): Item => items[random(items.length)] as Item
  const usual = <Item>(items: readonly Item[]): Item =>
    random(8) === 0 ? pick(items) : (items[random(2)] as Item)
  let plain = 0
  for (let made = 0; made < CALLS; made += 500) {
    const calls = Array.from({ length: 500 }, () => {
      const fields = Array.from({ length: random(6) }, () => [usual(NAMES), usual(VALUES)]).flat()
      const method = usual(METHODS) as Dispatcher.HttpMethod
      return { method, path: usual(PATHS), headers: fields, body: usual(BODIES) }
    })
    const heads = calls.map((call) => renderHead(call, 'api.example.com:8080'))
    const written = calls.map((call, index) => (heads[index] === undefined ? undefined : new Written(call)))
    await settled()
    for (const [index, head] of heads.entries()) {
      if (head === undefined) continue
      plain += 1
      const body = calls[index]?.body?.toString('latin1') ?? ''
      expect(written[index]?.text, JSON.stringify(calls[index])).toBe(head + body)
    }
    await Promise.all(written.map((one) => one?.client.destroy()))
  }
  expect(plain).toBeGreaterThan(CALLS / 10)
}, 120_000)

test.each([
  { headers: ['host', 'b'] },
  { headers: ['x', 'a\r\nb: c'] },
  // Its low byte would end the line.
  { headers: ['x', '\u010a'] },
  { headers: ['a b', 'c'] },
  { path: '/a b' },
  { method: 'HEAD' as const },
  { method: 'POST' as const },
  { body: Buffer.from('x') },
  { method: 'POST' as const, body: Buffer.alloc(0) },
  { method: 'POST' as const, body: 'x' },
  { upgrade: 'websocket' },
])('left to undici: %j', (special) => {
  const call = { method: 'GET' as const, path: '/', headers: ['a', 'b'], body: null, ...special }
  expect(renderHead(call, 'a')).toBeUndefined()
})
