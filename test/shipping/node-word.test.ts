import { expect, test } from 'vitest'
import { ManualClock } from '../../src/lib/clock.ts'
import { NodeWord } from '../../src/shipping/node-word.ts'
import { billingStore } from '../support/billing-scene.ts'

async function scene({ isShared = true } = {}) {
  const { nodes } = await billingStore({})
  const clock = new ManualClock(1_000_000)
  await nodes.startEpoch('me', 0)
  const word = new NodeWord({ store: { nodes, isShared }, clock, nodeId: 'me' })
  const said = async () => (await nodes.list())[0]?.shippedAtMs
  return { word, clock, said }
}

test('what a node says holds for the moment before it shipped, and is said every few seconds', async () => {
  const { word, clock, said } = await scene()
  await word.after(async () => clock.advance(700))
  expect(await said()).toBe(1_000_000)
  await word.after(async () => {})
  expect(await said()).toBe(1_000_000)
  clock.advance(5_000)
  await word.after(async () => {})
  expect(await said()).toBe(1_005_700)
})

test('a run that joins one under way, or fails, says nothing', async () => {
  const { word, clock, said } = await scene()
  const first = Promise.withResolvers<void>()
  const running = word.after(() => first.promise)
  clock.advance(1_000)
  await word.after(async () => {})
  expect(await said()).toBeNull()
  first.resolve()
  await running
  expect(await said()).toBe(1_000_000)
  clock.advance(9_000)
  await expect(word.after(() => Promise.reject(new Error('away')))).rejects.toThrow('away')
  expect(await said()).toBe(1_000_000)
})

test('where no other node can be, nothing is written', async () => {
  const { word, said } = await scene({ isShared: false })
  await word.after(async () => {})
  expect(await said()).toBeNull()
})
