import { expect, test } from 'vitest'
import type { EventsAnswer, EventsRequest } from '../../src/ingest/ingest-messages.ts'
import { makeCounterMemory } from '../../src/storage/open.ts'
import { eventDesk } from '../support/event-desk.ts'
import { eventScene } from '../support/event-scene.ts'
import { eventJson, eventMeter } from '../support/incoming-events.ts'

async function openDesk() {
  const scene = await eventScene()
  const failures: unknown[] = []
  const take = eventDesk({
    ...{ store: scene.store, clock: scene.clock, counterMemory: makeCounterMemory(1), perMinute: null },
    ...{ meters: [eventMeter('compute_ms')], onFailed: (error) => failures.push(error) },
  })
  const send = (line: string, ids: readonly string[]): Promise<EventsAnswer> => {
    const events = ids.map((id) => eventJson({ idempotency_key: id }))
    return take(request(line, events.length === 1 ? events[0]! : `[${events.join(',')}]`))
  }
  return { ...scene, take, send, failures }
}

function request(line: string, body: string): EventsRequest {
  const bytes = Buffer.from(body)
  return { sender: { kind: 'operator' }, line, contentType: 'application/json', attributes: {}, bytes }
}

const ids = (name: string, count: number) => Array.from({ length: count }, (_, index) => `${name}-${index}`)

test('who sends much waits for itself: others come in between its requests', async () => {
  const { send, rollups } = await openDesk()
  const order: string[] = []
  const sent = [
    ...Array.from({ length: 6 }, (_, index) =>
      send('much', ids(`much-${index}`, 600)).then(() => order.push('much')),
    ),
    ...['one', 'two', 'three'].map((line) => send(line, [line]).then(() => order.push(line))),
  ]
  await Promise.all(sent)
  expect(order).toHaveLength(9)
  // At most one large request was before them.
  expect(order.indexOf('much', 1)).toBeGreaterThan(
    Math.max(...['one', 'two', 'three'].map((line) => order.indexOf(line))),
  )
  expect(await rollups()).toMatchObject([{ quantities: { compute_ms: String((6 * 600 + 3) * 145) } }])
})

test('small requests that wait share a transaction, and each is answered for itself', async () => {
  const { send, store } = await openDesk()
  const answers = await Promise.all(ids('a', 50).map((id) => send('line', [id])))
  expect(answers.map((answer) => answer.kind === 'answer' && answer.status)).toEqual(Array(50).fill(202))
  expect((await store.events.batchesAfter(0, 100)).length).toBeLessThan(10)
})

test('the same event of two who send at once is new for one of them', async () => {
  const { send } = await openDesk()
  const answers = await Promise.all(ids('line', 8).map((line) => send(line, ['same'])))
  const statuses = answers.map((answer) => answer.kind === 'answer' && answer.status)
  expect(statuses.sort()).toEqual([200, 200, 200, 200, 200, 200, 200, 202])
})

test('a request that cannot be read does not hold up those beside it', async () => {
  const { send, take, failures } = await openDesk()
  const broken = { ...request('line', '{}'), attributes: undefined } as unknown as EventsRequest
  const [bad, odd, good] = await Promise.all([take(request('line', '{')), take(broken), send('line', ['a'])])
  expect(bad).toMatchObject({ kind: 'problem', code: 'invalid-json' })
  expect(odd).toMatchObject({ kind: 'problem', code: 'internal' })
  expect(good).toMatchObject({ kind: 'answer', status: 202 })
  expect(failures).toHaveLength(1)
})
