import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'

const SHRINK_HEAP = new URL('../../src/lib/shrink-heap.ts', import.meta.url).href

/** How many times of what is in use the heap may grow to after it was shrunk, as V8 says it; first `before` is called. */
function growthAfterShrinking(before: string): number {
  const script = `
    import { keepHeapSmall, letHeapGrow, shrinkHeap } from '${SHRINK_HEAP}'
    ${before}
    globalThis.live = Array.from({ length: 400_000 }, (_, id) => ({ id }))
    shrinkHeap()`
  const flags = ['--trace-gc-verbose', '--input-type=module', '--eval', script]
  const said = execFileSync(process.execPath, flags, { encoding: 'utf8' })
  return Number(said.match(/.*\[HeapController\] factor ([\d.]+)/s)?.[1])
}

test('a heap that was shrunk grows to three times of what is in use, where V8 would allow it a tenth', () => {
  expect(growthAfterShrinking('')).toBe(1.1)
  expect(growthAfterShrinking('letHeapGrow()')).toBe(3)
  expect(growthAfterShrinking('keepHeapSmall()')).toBe(1.3)
})
