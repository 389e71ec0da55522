import { expect, test } from 'vitest'
import { apiOn, route, startGateway } from '../support/gateway.ts'
import { exchangeBytes } from '../support/raw-socket.ts'
import { RawUpstream } from '../support/raw-upstream.ts'

const saying = (body: string) =>
  RawUpstream.answering(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`)

test('two apis with the same path on different hosts: each call goes to its own, and is metered as such', async () => {
  const [shop, books, rest] = await Promise.all([saying('shop'), saying('books'), saying('rest')])
  const gateway = await startGateway({
    apis: [
      apiOn(shop.port, {
        id: 'shop',
        hosts: ['shop.test'],
        routes: [route({ id: 'shop-items', path: '/v1/items' })],
      }),
      apiOn(books.port, {
        id: 'books',
        hosts: ['books.test'],
        routes: [route({ id: 'book-items', path: '/v1/items' })],
      }),
      apiOn(rest.port, { id: 'rest', routes: [route({ id: 'rest-items', path: '/v1/items' })] }),
    ],
  })
  const ask = async (host: string) => {
    const head = `GET /v1/items HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\nx-api-key: ${gateway.secret}\r\n\r\n`
    return (await exchangeBytes(gateway.port, head)).split('\r\n\r\n')[1]
  }
  expect(await ask('shop.test')).toBe('shop')
  expect(await ask('BOOKS.test:8080')).toBe('books')
  expect(await ask('elsewhere.test')).toBe('rest')
  const events = await gateway.events()
  expect(events.map(({ apiId, routeId }) => `${apiId} ${routeId}`).sort()).toEqual([
    'books book-items',
    'rest rest-items',
    'shop shop-items',
  ])
})
