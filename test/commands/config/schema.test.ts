import { expect, test } from 'vitest'
import { configJsonSchema } from '../../../src/config/json-schema.ts'
import { runCli } from '../../support/run-cli.ts'
import { tempDir } from '../../support/temp-dir.ts'

test('config schema prints JSON, with and without --json, and needs no file', async () => {
  const cwd = tempDir()
  const plain = await runCli(['config', 'schema'], { cwd })
  const json = await runCli(['config', 'schema', '--json'], { cwd })
  expect(JSON.parse(plain.stdout)).toEqual(configJsonSchema())
  expect(JSON.parse(json.stdout)).toEqual(configJsonSchema())
  expect(JSON.parse(plain.stdout).$schema).toBe('https://json-schema.org/draft/2020-12/schema')
})
