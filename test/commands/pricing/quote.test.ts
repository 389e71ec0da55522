import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runCli } from '../../support/run-cli.ts'
import { tempDir } from '../../support/temp-dir.ts'

const CALLS = `{ model: graduated, tiers: [{ up_to: "10000", unit: "0.01" }, { up_to: null, unit: "0.005" }] }`

function quote(text: string, ...flags: readonly string[]) {
  const cwd = tempDir()
  writeFileSync(join(cwd, 'cases.yaml'), text)
  return runCli(['pricing', 'quote', 'cases.yaml', ...flags], { cwd })
}

test('shows the amount, and the tiers it comes from', async () => {
  const { stdout, stderr, exitCode } = await quote(`{ id: calls, price: ${CALLS}, quantity: 47200 }`)
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
  expect(stdout.replace(/─+/, '───')).toBe(`calls: 286.00 USD

PART          OVER  UP TO  QUANTITY  PRICE  FLAT  AMOUNT
───
tier 1           0  10000     10000   0.01     0     100
tier 2       10000      –     37200  0.005     0     186
Exactly                                              286
Amount, USD                                       286.00

`)
})

test('with --json one case is an object, a list is a list', async () => {
  const one = await quote(`{ price: { model: per_unit, unit: "0.10" }, quantity: 12 }`, '--json')
  const line = { part: 'units', quantity: '12', unit: '0.1', amount: '1.2' }
  const quoted = { id: '1', amount: '1.20', currency: 'USD', exact: '1.2', lines: [line] }
  expect(JSON.parse(one.stdout)).toEqual(quoted)
  const list = await quote(`[{ price: { model: per_unit, unit: "0.10" }, quantity: 12 }]`, '--json')
  expect(JSON.parse(list.stdout)).toEqual([quoted])
})

test('an amount that a page states and its prices do not give ends with exit code 1', async () => {
  const wrong = await quote(`{ price: ${CALLS}, quantity: 47200, expect: "382" }`)
  expect(wrong).toMatchObject({
    exitCode: 1,
    stdout: expect.stringContaining('expected 382, which it is not'),
  })
  expect(await quote(`{ price: ${CALLS}, quantity: 47200, expect: "286" }`)).toMatchObject({ exitCode: 0 })
})

test('reads the cases from standard input as well', async () => {
  const { stdout } = await runCli(['pricing', 'quote', '-', '--json'], {
    cwd: tempDir(),
    input: '{ price: { model: flat, amount: "9.99" }, currency: JPY }',
  })
  expect(JSON.parse(stdout)).toMatchObject({ amount: '10', exact: '9.99' })
})

test('what is wrong is told by line and field, exit code 2', async () => {
  const { stderr, stdout, exitCode } = await quote(`{ price: ${CALLS}, quantity: -5, currency: ABC }`)
  expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 })
  expect(stderr).toContain('2 problems in cases.yaml\n  cases.yaml:1:')
  expect(stderr).toContain('quantity: must be a decimal of 0 or more')
})
