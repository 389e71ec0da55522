import { expect, test } from 'vitest'
import { freePort } from '../../../src/cli/demo/free-port.ts'
import { CountingUpstream } from '../../support/counting-upstream.ts'

test('a port that is taken is passed over, one that is free is kept', async () => {
  const { port } = await CountingUpstream.start()
  const other = await freePort(port)
  expect(other).not.toBe(port)
  expect(await freePort(other)).toBe(other)
})
