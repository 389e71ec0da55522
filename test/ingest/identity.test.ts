import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addQuantities } from '../../src/model/quantity.ts'
import { eventScene } from '../support/event-scene.ts'

test('whatever is sent, in whatever pieces, how often and by how many at once: what counts is what came first under each id', async () => {
  const sent = fc.record({
    tenant_id: fc.constantFrom('acme', 'cus_1', 'bolt', 'nobody'),
    metric: fc.constantFrom('compute_ms', 'images', 'nothing'),
    value: fc.constantFrom('1', '0.1', 145, 'bad'),
    idempotency_key: fc.constantFrom('a', 'b', 'c'),
    source: fc.constantFrom(undefined, 'svc'),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(sent, { maxLength: 6 }), { maxLength: 6 }), async (batches) => {
      const scene = await eventScene()
      const by = scene.taker()
      const model = new Map<string, { readonly content: string; readonly counts: boolean }>()
      const expected: string[] = []
      for (const event of batches.flat()) expected.push(modelled(model, event))
      const found: string[] = []
      for (const batch of batches) {
        const outcomes = await scene.take(batch, { by })
        found.push(...outcomes.map((outcome) => (outcome.kind === 'refused' ? outcome.code : outcome.kind)))
      }
      expect(found).toEqual(expected)
      // All of it again, at once, by two: nothing more counts.
      const total = () => scene.rollups().then(totals)
      const before = await total()
      expect(before).toEqual(modelledTotals(model))
      await Promise.all([scene.take(batches.flat(), { by }), scene.take(batches.flat().toReversed())])
      expect(await total()).toEqual(before)
    }),
    { numRuns: 40 },
  )
})

type Sent = {
  tenant_id: string
  metric: string
  value: unknown
  idempotency_key: string
  source?: string | undefined
}

/** What must come of an event, by what came before it. */
function modelled(
  model: Map<string, { readonly content: string; readonly counts: boolean }>,
  event: Sent,
): string {
  const { metric, value } = event
  const tenantId = event.tenant_id === 'cus_1' ? 'acme' : event.tenant_id
  if (tenantId === 'nobody') return 'unknown-tenant'
  if (metric === 'compute_ms' && value === 'bad') return 'invalid-event'
  const name = JSON.stringify([tenantId, event.source, event.idempotency_key])
  const content = JSON.stringify([metric, String(value)])
  const first = model.get(name) ?? { content, counts: metric !== 'nothing' }
  model.set(name, first)
  if (first.content !== content) return 'idempotency-conflict'
  return first.counts ? 'counted' : 'unmatched'
}

function modelledTotals(model: ReadonlyMap<string, { readonly content: string }>) {
  const sums: Record<string, string> = {}
  for (const [name, { content }] of model) {
    const [tenantId] = JSON.parse(name)
    const [metric, value] = JSON.parse(content)
    if (metric === 'nothing') continue
    const key = `${tenantId} ${metric}`
    sums[key] = addQuantities(sums[key] ?? '0', metric === 'images' ? '1' : value)
  }
  return sums
}

function totals(
  entries: readonly { readonly tenantId: string; readonly quantities: Readonly<Record<string, string>> }[],
) {
  const sums: Record<string, string> = {}
  for (const { tenantId, quantities } of entries) {
    for (const [meter, quantity] of Object.entries(quantities)) {
      const key = `${tenantId} ${meter}`
      sums[key] = addQuantities(sums[key] ?? '0', quantity)
    }
  }
  return sums
}
