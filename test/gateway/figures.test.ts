import { expect, test } from 'vitest'
import { Figures, type FiguresRequest } from '../../src/gateway/figures.ts'

const PERIOD = { startMs: 0, endMs: 1_000_000 }
const TOTALS = {
  ...{ requests: 1, billable: 1, refused: 0, usage_units: 1, bytes_received: 0, bytes_sent: 0 },
  quantities: {},
}

function figuresAt(clock: { nowMs: number }) {
  const asked: FiguresRequest[] = []
  const figures = new Figures(
    (request) => asked.push(request),
    () => clock.nowMs,
  )
  return { figures, asked }
}

test('figures are asked for once a second and tenant, whoever wants them', async () => {
  const clock = { nowMs: 0 }
  const { figures, asked } = figuresAt(clock)
  const both = [figures.of('acme', PERIOD), figures.of('acme', PERIOD)]
  expect(asked).toEqual([{ id: 1, tenantId: 'acme', period: PERIOD }])
  figures.settle(1, TOTALS)
  expect(await Promise.all(both)).toEqual([TOTALS, TOTALS])
  clock.nowMs = 999
  expect(await figures.of('acme', PERIOD)).toBe(TOTALS)
  void figures.of('globex', PERIOD)
  clock.nowMs = 1_000
  void figures.of('acme', PERIOD)
  void figures.of('acme', { startMs: 1_000_000, endMs: 2_000_000 })
  expect(asked.map(({ tenantId }) => tenantId)).toEqual(['acme', 'globex', 'acme', 'acme'])
})

test('figures that could not be read are asked for again', async () => {
  const { figures, asked } = figuresAt({ nowMs: 0 })
  const first = figures.of('acme', PERIOD)
  figures.settle(1, undefined)
  await expect(first).rejects.toThrow(/ledger/)
  const second = figures.of('acme', PERIOD)
  figures.settle(2, TOTALS)
  expect(await second).toEqual(TOTALS)
  expect(asked).toHaveLength(2)
})
