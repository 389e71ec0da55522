import { afterEach, expect, test, vi } from 'vitest'
import { reportError, wantsJson } from '../../src/cli/report-error.ts'
import { GatezError } from '../../src/errors/gatez-error.ts'

afterEach(() => vi.restoreAllMocks())

function reported(thrown: unknown, style: Partial<Parameters<typeof reportError>[1]> = {}) {
  const stdout = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  const exitCode = reportError(thrown, { json: false, debug: false, commandName: 'keys list', ...style })
  return { stdout: written(stdout), stderr: written(stderr), exitCode }
}

function written(stream: { mock: { calls: unknown[][] }; mockRestore(): void }): string {
  const text = stream.mock.calls.map(([part]) => String(part)).join('')
  stream.mockRestore()
  return text
}

test('a problem is told with its way out, and its exit code', () => {
  expect(reported(new GatezError('not-found', 'There is no tenant acm.'))).toEqual({
    stdout: '',
    stderr: 'Not found: There is no tenant acm.\n→ List what exists with the matching list command.\n',
    exitCode: 5,
  })
})

test('with json the problem document, and only it, goes to stdout', () => {
  const { stdout, stderr, exitCode } = reported(new GatezError('no-plan', 'x', { extra: { tenant: 'a' } }), {
    json: true,
  })
  expect(JSON.parse(stdout)).toEqual({
    type: 'urn:gatez:errors:no-plan',
    title: 'No active plan',
    status: 403,
    detail: 'x',
    code: 'no-plan',
    tenant: 'a',
    fix: expect.any(String),
  })
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 4 })
})

test('a fault of ours shows nothing of itself and ends with 70', () => {
  const fault = new Error('password=hunter2')
  expect(JSON.parse(reported(fault, { json: true }).stdout).code).toBe('internal')
  for (const json of [false, true]) {
    const { stdout, stderr, exitCode } = reported(fault, { json })
    expect(stdout + stderr).not.toMatch(/hunter2|at .*\.ts/)
    expect(stdout + stderr).toContain('DEBUG=1')
    expect(exitCode).toBe(70)
  }
})

test('with debug the fault is shown with its stack', () => {
  const { stderr } = reported(new Error('the inside'), { debug: true })
  expect(stderr).toMatch(/Error: the inside\n\s+at /)
})

test('what follows two dashes is not ours', () => {
  expect(wantsJson(['keys', '--json'])).toBe(true)
  expect(wantsJson(['keys', '--', '--json'])).toBe(false)
})
