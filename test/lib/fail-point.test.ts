import { getEnvironmentData } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { armFailPoint, failPoint, parseFailPoint } from '../../src/lib/fail-point.ts'

test('a fail point is a name and a pass', () => {
  expect(parseFailPoint('mid-ship:3')).toEqual({ name: 'mid-ship', pass: 3 })
})

test.each(['mid-ship', 'mid-ship:0', 'mid-ship:-1', 'nowhere:1', 'mid-ship:1:2', ':1', ''])(
  '%j is refused with the places there are',
  (written) => {
    expect(() => parseFailPoint(written)).toThrow(/write name:n.*after-auth/)
  },
)

test('sources have none: they cannot be armed, and passing one does nothing', () => {
  armFailPoint('after-auth:1')
  expect(getEnvironmentData('gatez.fail-point')).toBeUndefined()
  failPoint('after-auth')
})
