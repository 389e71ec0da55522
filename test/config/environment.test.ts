import { expect, test } from 'vitest'
import {
  clockFromEnvironment,
  debugWanted,
  failPointFromEnvironment,
  remoteFromEnvironment,
} from '../../src/config/environment.ts'
import { systemClock } from '../../src/lib/clock.ts'

test('without GATEZ_CLOCK the host tells the time', () => {
  expect(clockFromEnvironment({})).toBe(systemClock)
  expect(clockFromEnvironment({ GATEZ_CLOCK: '' })).toBe(systemClock)
})

test('GATEZ_CLOCK sets the clock to a moment', () => {
  const clock = clockFromEnvironment({ GATEZ_CLOCK: '2026-03-01T00:00:00Z' })
  expect(clock.nowMs() - Date.UTC(2026, 2, 1)).toBeLessThan(5000)
  expect(clock.nowMs()).toBeGreaterThanOrEqual(Date.UTC(2026, 2, 1))
})

test('GATEZ_CLOCK moves the clock by an offset', () => {
  const ahead = clockFromEnvironment({ GATEZ_CLOCK: '+3600000' }).nowMs() - systemClock.nowMs()
  expect(Math.abs(ahead - 3_600_000)).toBeLessThan(5000)
})

test.each(['tomorrow', '3600000', '2026-02-30T00:00:00Z', '2026-03-01T00:00:00'])(
  'GATEZ_CLOCK=%s is refused with a form that would do',
  (written) => {
    expect(() => clockFromEnvironment({ GATEZ_CLOCK: written })).toThrow(/write 2026-03-01T00:00:00Z/)
  },
)

test('an empty variable is as good as none', () => {
  expect(failPointFromEnvironment({})).toBeUndefined()
  expect(failPointFromEnvironment({ GATEZ_FAILPOINT: '' })).toBeUndefined()
  expect(debugWanted({ DEBUG: '' })).toBe(false)
  expect(debugWanted({ DEBUG: '1' })).toBe(true)
})

const REMOTE = { GATEZ_URL: 'http://127.0.0.1:8081/', GATEZ_TOKEN: 'gzt_secret' }

test('GATEZ_URL and GATEZ_TOKEN name a control API', () => {
  expect(remoteFromEnvironment({}, 'gatez.yaml')).toBeUndefined()
  expect(remoteFromEnvironment(REMOTE, 'gatez.yaml')).toEqual({
    url: 'http://127.0.0.1:8081',
    token: 'gzt_secret',
  })
})

test.each([
  [{ ...REMOTE, GATEZ_URL: 'gate' }, 'gatez.yaml', 'invalid-parameter', 'GATEZ_URL is "gate"'],
  [{ GATEZ_URL: REMOTE.GATEZ_URL }, 'gatez.yaml', 'missing-token', 'GATEZ_TOKEN is empty'],
  [REMOTE, 'next.yaml', 'local-only', '--config is "next.yaml", and GATEZ_URL is set'],
])('of %o with --config %s it says what is wrong', (env, file, code, said) => {
  const problem = expect.objectContaining({ code, message: expect.stringContaining(said) })
  expect(() => remoteFromEnvironment(env, file)).toThrow(problem)
})

test('another file is fine where nothing is remote', () => {
  expect(remoteFromEnvironment({}, 'next.yaml')).toBeUndefined()
})
