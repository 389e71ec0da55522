import { readFileSync } from 'node:fs'
import { getPriority } from 'node:os'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'

test.each([
  ['tenth', 10],
  ['sixth', 7],
])(
  'a thread that leaves all but a %s has a lower priority, and the others keep theirs',
  async (part, niceness) => {
    const before = getPriority()
    const script = `
    const { readlinkSync } = require('node:fs')
    const { getPriority } = require('node:os')
    const { parentPort } = require('node:worker_threads')
    import(${JSON.stringify(new URL('../../src/lib/give-way.ts', import.meta.url).href)}).then(({ giveWay }) => {
      giveWay('${part}')
      parentPort.postMessage(getPriority(Number(readlinkSync('/proc/thread-self').split('/').at(-1))))
    })`
    const worker = new Worker(script, { eval: true })
    const priority = await new Promise((resolve) => worker.once('message', resolve))
    await worker.terminate()
    expect(priority).toBe(niceness)
    expect(getPriority()).toBe(before)
    expect(readFileSync('/proc/self/stat', 'utf8').split(' ')[18]).toBe(String(before))
  },
)
