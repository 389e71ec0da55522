import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FairShare, type Share } from '../../src/gateway/fair-share.ts'

test('who has fewest is next, among equals who has waited longest, and calls of one caller in their order', () => {
  const share = new FairShare<string>()
  const held = share.take('a')
  share.wait('a', 'a1')
  share.wait('b', 'b1')
  share.wait('b', 'b2')
  share.wait('c', 'c1')
  expect(share.size).toBe(4)
  expect(share.next()).toEqual({ name: 'b', call: 'b1' })
  share.take('b')
  expect(share.next()).toEqual({ name: 'c', call: 'c1' })
  share.release(held)
  expect(share.next()).toEqual({ name: 'a', call: 'a1' })
  expect(share.next()).toEqual({ name: 'b', call: 'b2' })
  expect([share.next(), share.size]).toEqual([undefined, 0])
})

test('the one that has waited longest comes out by age, whoever is next', () => {
  const share = new FairShare<string>()
  share.take('a')
  share.take('a')
  share.wait('a', 'a1')
  share.wait('b', 'b1')
  share.wait('a', 'a2')
  expect(share.oldest()).toEqual({ name: 'a', call: 'a1' })
  expect(share.next()).toEqual({ name: 'b', call: 'b1' })
  expect(share.oldest()).toEqual({ name: 'a', call: 'a2' })
  expect([share.oldest(), share.next(), share.size]).toEqual([undefined, undefined, 0])
})

const STEP = fc.record({
  what: fc.constantFrom('wait', 'wait', 'next', 'oldest', 'release'),
  name: fc.constantFrom('a', 'b', 'c', 'd'),
})

test('every call comes out once, in its caller’s order, and never behind a caller who has more', () => {
  fc.assert(
    fc.property(fc.array(STEP, { maxLength: 200 }), (steps) => {
      const share = new FairShare<number>()
      const waiting = new Map<string, number[]>()
      const held: Share[] = []
      const heldBy = (name: string): number => held.filter((each) => each.name === name).length
      for (const [number, { what, name }] of steps.entries()) {
        if (what === 'wait') {
          share.wait(name, number)
          waiting.set(name, [...(waiting.get(name) ?? []), number])
        } else if (what === 'release') {
          const index = held.findIndex((each) => each.name === name)
          if (index !== -1) share.release(held.splice(index, 1)[0]!)
        } else if (what === 'oldest') {
          const all = [...waiting.values()].flat()
          const oldest = share.oldest()
          expect(oldest?.call).toBe(all.length === 0 ? undefined : Math.min(...all))
          if (oldest !== undefined) waiting.get(oldest.name)!.shift()
        } else {
          const next = share.next()
          const names = [...waiting.keys()].filter((each) => waiting.get(each)!.length > 0)
          expect(next === undefined).toBe(names.length === 0)
          if (next === undefined) continue
          expect(heldBy(next.name)).toBe(Math.min(...names.map(heldBy)))
          expect(waiting.get(next.name)!.shift()).toBe(next.call)
          held.push(share.take(next.name))
        }
        expect(share.size).toBe([...waiting.values()].flat().length)
      }
    }),
  )
})

test('who has a place is known by it however many others come and go', () => {
  const share = new FairShare<string>()
  share.take('rich')
  for (let number = 0; number < 5_000; number += 1) share.release(share.take(`caller-${number}`))
  share.wait('rich', 'first')
  share.wait('poor', 'second')
  expect(share.next()?.call).toBe('second')
})
