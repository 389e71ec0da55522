import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'

const MADE_YOUNG = new URL('../../src/lib/made-young.ts', import.meta.url).href

/** Makes calls of which thousands are under way at a time: to V8 they seem to be long-lived. */
const CALLS = `
  class Call {
    constructor(id) {
      this.id = id
      this.fields = [id, id + 1, id + 2, id + 3]
    }
  }
  const make = (id) => new Call(id)
  let underWay = []
  for (let id = 0; id < 400_000; id += 1) {
    underWay.push(make(id))
    if (underWay.length === 100_000) underWay = []
  }`

/** What V8 says of where it means to make the objects of this script. */
function placesOf(script: string): string {
  const flags = ['--trace-pretenuring-statistics', '--input-type=module', '--eval', script]
  return execFileSync(process.execPath, flags, { encoding: 'utf8' })
}

test('what calls leave behind is short-lived, however many of them were once under way at a time', () => {
  expect(placesOf(CALLS)).toContain('pretenuring: AllocationSite')
  expect(placesOf(`import { makeAllYoung } from '${MADE_YOUNG}'; makeAllYoung(); ${CALLS}`)).toBe('')
})
