import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { SMALL_CONFIG } from '../../support/config-text.ts'
import { runCli } from '../../support/run-cli.ts'
import { tempDir } from '../../support/temp-dir.ts'

test('routes list shows each route with what it costs and which plans open it', async () => {
  const cwd = tempDir()
  writeFileSync(join(cwd, 'gatez.yaml'), SMALL_CONFIG)
  const { stdout, exitCode } = await runCli(['routes', 'list'], { cwd })
  expect({ stdout: stdout.replace(/─+/, '───'), exitCode }).toEqual({
    stdout: `ROUTE    API   MATCH             COST  REQUIRES  PLANS
───
search   shop  GET /v1/search       1  –         free, pro
analyze  shop  POST /v1/analyze     5  ai        pro
`,
    exitCode: 0,
  })
  const json = await runCli(['routes', 'list', '--json'], { cwd })
  expect(JSON.parse(json.stdout)[1]).toEqual({
    id: 'analyze',
    api: 'shop',
    hosts: [],
    methods: ['POST'],
    path: '/v1/analyze',
    cost: 5,
    requires: ['ai'],
    auth: 'key',
    plans: ['pro'],
  })
})
