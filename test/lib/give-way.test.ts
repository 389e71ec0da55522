import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, getPriority } from 'node:os'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'

test.each([
  ['tenth', 10],
  ['sixth', 7],
])(
  'a thread that leaves all but a %s is nicer than its process by as much, and the others stay as they are',
  async (part, nicer) => {
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
    expect(priority).toBe(Math.min(before + nicer, 19))
    expect(getPriority()).toBe(before)
    expect(readFileSync('/proc/self/stat', 'utf8').split(' ')[18]).toBe(String(before))
  },
)

test.runIf(process.platform === 'linux').each([
  ['0', 10],
  [`0-${cpus().length - 1}`, cpus().length > 1 ? 0 : 10],
])('with the cores %s V8 has helpers that are nicer by %d', (cores, nicer) => {
  const url = new URL('../../src/lib/give-way.ts', import.meta.url).href
  const script = `
    import { readdirSync, readFileSync } from 'node:fs'
    import { getPriority } from 'node:os'
    import { helpersGiveWay } from ${JSON.stringify(url)}
    helpersGiveWay()
    const ids = readdirSync('/proc/self/task')
    const helpers = ids.filter((id) => readFileSync('/proc/self/task/' + id + '/comm', 'utf8') === 'V8Worker\\n')
    console.log(JSON.stringify({ own: getPriority(), helpers: helpers.map((id) => getPriority(Number(id))) }))`
  const run = ['-c', cores, process.execPath, '--input-type=module', '--eval', script]
  const { own, helpers } = JSON.parse(execFileSync('taskset', run, { encoding: 'utf8' }))
  expect(own).toBe(getPriority())
  expect(helpers.length).toBeGreaterThan(0)
  expect(new Set(helpers)).toEqual(new Set([Math.min(own + nicer, 19)]))
})
