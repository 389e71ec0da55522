import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { tempDir } from '../support/temp-dir.ts'

const run = promisify(execFile)
const KEEPER = new URL('../../bin/compile-cache.js', import.meta.url).href

/** A program that has a thread, and a user whose caches lie in a folder of the test's own. */
function installed() {
  const folder = tempDir()
  const entry = join(folder, 'program.mjs')
  const thread = join(folder, 'thread.mjs')
  writeFileSync(thread, "console.log('the thread ran')")
  writeFileSync(
    entry,
    `import { Worker } from 'node:worker_threads'\nnew Worker(${JSON.stringify(thread)}).on('exit', () => console.log('it ran'))`,
  )
  // As bin/gatez.js does it.
  const starter = join(folder, 'starter.mjs')
  const [keeper, program] = [JSON.stringify(KEEPER), JSON.stringify(entry)]
  writeFileSync(
    starter,
    `import { keepCompiled } from ${keeper}\nkeepCompiled(${program})\nawait import(${program})`,
  )
  const caches = join(folder, 'caches')
  return { starter, entry, thread, caches, kept: join(caches, 'gatez') }
}

/** Starts the program, and returns what Node says of its cache. */
async function start(starter: string, variables: Readonly<Record<string, string>>): Promise<string> {
  const { NODE_COMPILE_CACHE: _, NODE_DISABLE_COMPILE_CACHE: __, NODE_OPTIONS: ___, ...rest } = process.env
  const env = { ...rest, NODE_DEBUG_NATIVE: 'COMPILE_CACHE', ...variables }
  const { stdout, stderr } = await run(process.execPath, [starter], { env })
  expect(stdout).toBe('the thread ran\nit ran\n')
  return stderr
}

test('the second start takes what the first compiled, in threads too, from a folder of this user alone', async () => {
  const { starter, entry, thread, caches, kept } = installed()
  expect(await start(starter, { XDG_CACHE_HOME: caches })).not.toContain('was accepted')
  const second = await start(starter, { XDG_CACHE_HOME: caches })
  for (const file of [entry, thread]) expect(second).toMatch(new RegExp(`${file}.* was accepted`))
  expect(statSync(kept).mode & 0o777).toBe(0o700)
})

test('a folder that others may write to is left alone: what lies in it is run', async () => {
  const { starter, caches, kept } = installed()
  mkdirSync(kept, { recursive: true })
  chmodSync(kept, 0o777)
  await start(starter, { XDG_CACHE_HOME: caches })
  expect(readdirSync(kept)).toEqual([])
})

test('where there is no home to write to it works without', async () => {
  const { starter } = installed()
  for (const nowhere of ['/dev/null', '/proc/none']) {
    await start(starter, { XDG_CACHE_HOME: nowhere, GATEZ_CACHE_DIR: '' })
    await start(starter, { GATEZ_CACHE_DIR: nowhere })
  }
})

test.each(['NODE_DISABLE_COMPILE_CACHE', 'NODE_COMPILE_CACHE'])(
  'who says otherwise by %s is heard',
  async (variable) => {
    const { starter, caches } = installed()
    await start(starter, { XDG_CACHE_HOME: caches, [variable]: join(caches, '..', 'chosen') })
    expect(existsSync(caches)).toBe(false)
  },
)

test('of builds that came one after the other the last three are kept, and what else lies there', async () => {
  const { starter, entry, caches, kept } = installed()
  mkdirSync(kept, { recursive: true, mode: 0o700 })
  writeFileSync(join(kept, 'sqlite-1.node'), '')
  for (let day = 1; day <= 5; day += 1) {
    utimesSync(entry, day * 86_400, day * 86_400)
    await start(starter, { XDG_CACHE_HOME: caches })
  }
  const builds = [3, 4, 5].map((day) => `compiled-${(day * 86_400_000).toString(36)}`)
  expect(readdirSync(kept).sort()).toEqual([...builds, 'sqlite-1.node'].sort())
})
