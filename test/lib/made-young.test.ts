import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'

const MADE_YOUNG = new URL('../../src/lib/made-young.ts', import.meta.url).href

/**
 * Makes calls of which at first thousands are under way at a time, then none outlasts its turn. Prints by how many bytes the
 * room of long-lived objects grew in those turns, all together.
 */
const CALLS = `
  import { getHeapSpaceStatistics } from 'node:v8'
  class Call {
    constructor(id) {
      this.id = id
      this.fields = [id, id + 1, id + 2, id + 3]
    }
  }
  const make = (id) => new Call(id)
  const oldBytes = () =>
    getHeapSpaceStatistics().find(({ space_name }) => space_name === 'old_space').space_used_size
  let underWay = []
  for (let id = 0; id < 400_000; id += 1) {
    underWay.push(make(id))
    if (underWay.length === 100_000) underWay = []
  }
  let grown = 0
  for (let turn = 0; turn < 20; turn += 1) {
    const before = oldBytes()
    let sum = 0
    for (let id = 0; id < 100_000; id += 1) sum += make(id).id
    grown += Math.max(0, oldBytes() - before)
  }
  console.log(grown)`

test('what calls leave behind is short-lived, however many of them were once under way at a time', () => {
  const script = `import { makeAllYoung } from '${MADE_YOUNG}'; makeAllYoung(); ${CALLS}`
  const grown = Number(execFileSync(process.execPath, ['--input-type=module', '--eval', script]))
  // 7 to 30 MB where V8 is left alone.
  expect(grown).toBeLessThan(1_000_000)
})
