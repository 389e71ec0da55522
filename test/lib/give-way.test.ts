import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { expect, test } from 'vitest'

const GIVE_WAY = new URL('../../src/lib/give-way.ts', import.meta.url).href

/** Runs a module in a process that is nicer than this one by three, behind `before`, and reads what it prints. */
function inNicerProcess(script: string, before: readonly string[] = []) {
  const node = [process.execPath, '--input-type=module', '--eval', script]
  return JSON.parse(execFileSync('nice', ['-n', '3', ...before, ...node], { encoding: 'utf8' }))
}

test.each([
  ['tenth', 10],
  ['sixth', 7],
])(
  'a thread that leaves all but a %s is nicer than its process by as much, and the others stay as they are',
  (part, nicer) => {
    const thread = `
      import { readlinkSync } from 'node:fs'
      import { getPriority } from 'node:os'
      import { parentPort } from 'node:worker_threads'
      import { giveWay } from '${GIVE_WAY}'
      giveWay('${part}')
      parentPort.postMessage(getPriority(Number(readlinkSync('/proc/thread-self').split('/').at(-1))))`
    const { before, after, stat, priority } = inNicerProcess(`
      import { readFileSync } from 'node:fs'
      import { getPriority } from 'node:os'
      import { Worker } from 'node:worker_threads'
      const before = getPriority()
      const worker = new Worker(${JSON.stringify(thread)}, { eval: true })
      worker.once('message', (priority) => {
        const stat = readFileSync('/proc/self/stat', 'utf8').split(' ')[18]
        console.log(JSON.stringify({ before, after: getPriority(), stat, priority }))
      })`)
    expect(priority).toBe(Math.min(before + nicer, 19))
    expect(after).toBe(before)
    expect(stat).toBe(String(before))
  },
)

const PRIORITIES = `
  import { readdirSync, readFileSync } from 'node:fs'
  import { getPriority } from 'node:os'
  import { helpersGiveWay } from ${JSON.stringify(GIVE_WAY)}
  helpersGiveWay()
  const ids = readdirSync('/proc/self/task')
  const helpers = ids.filter((id) => readFileSync('/proc/self/task/' + id + '/comm', 'utf8') === 'V8Worker\\n')
  console.log(JSON.stringify({ own: getPriority(), helpers: helpers.map((id) => getPriority(Number(id))) }))`

test("with one core V8's helpers are nicer than the process", () => {
  const core = /Cpus_allowed_list:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'
  const { own, helpers } = inNicerProcess(PRIORITIES, ['taskset', '-c', core])
  expect(helpers.length).toBeGreaterThan(0)
  expect(new Set(helpers)).toEqual(new Set([Math.min(own + 10, 19)]))
})

test('with more cores they are as the others', () => {
  const { own, helpers } = inNicerProcess(PRIORITIES)
  expect(helpers.length).toBeGreaterThan(0)
  expect(new Set(helpers)).toEqual(new Set([availableParallelism() > 1 ? own : Math.min(own + 10, 19)]))
})
