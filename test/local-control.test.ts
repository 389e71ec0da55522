import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { writeControlAddress } from '../src/control/control-address.ts'
import { operatorTokenPath } from '../src/control/operator-token.ts'
import { openControl } from '../src/local-control.ts'
import { lockDataFolder } from '../src/storage/open.ts'
import { listen } from './manners/listen.ts'
import { SMALL_CONFIG } from './support/config-text.ts'
import { tempDir } from './support/temp-dir.ts'

/** Stores whose last gateway said it listens where a server of somebody else does now. */
async function abandonedStores() {
  const folder = tempDir()
  const dataDir = join(folder, '.gatez')
  mkdirSync(dataDir)
  writeFileSync(join(folder, 'gatez.yaml'), SMALL_CONFIG)
  writeFileSync(operatorTokenPath(dataDir), 'gzt_secret\n')
  const seen: (string | undefined)[] = []
  const other = createServer((request, response) => {
    seen.push(request.headers.authorization)
    response.end('{}')
  })
  const port = await listen(other)
  onTestFinished(() => void other.close())
  writeControlAddress(dataDir, { host: '127.0.0.1', port, speaksTls: false })
  const { client, ...opened } = await openControl(join(folder, 'gatez.yaml'))
  onTestFinished(() => opened[Symbol.asyncDispose]())
  return { client, dataDir, seen }
}

test('an address that a killed gateway left behind is not shown the token of the operator', async () => {
  const { client, seen } = await abandonedStores()
  expect(await client.call('trafficNow', {})).toMatchObject({ traffic: null })
  expect(seen).toEqual([])
})

test('while a gateway holds the stores it is asked where it says it listens', async () => {
  const { client, dataDir, seen } = await abandonedStores()
  const lock = lockDataFolder(dataDir)
  onTestFinished(() => lock[Symbol.dispose]())
  await client.call('trafficNow', {})
  expect(seen).toEqual(['Bearer gzt_secret'])
})
