import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { BILLING_PROBLEMS } from '../../src/errors/billing-problems.ts'
import { CALL_PROBLEMS } from '../../src/errors/call-problems.ts'
import { CATALOGUE, type ErrorCode } from '../../src/errors/catalogue.ts'
import { COMMAND_PROBLEMS } from '../../src/errors/command-problems.ts'
import { CONTROL_PROBLEMS } from '../../src/errors/control-problems.ts'
import { problemType } from '../../src/errors/problem.ts'

const CODES = Object.keys(CATALOGUE).sort() as ErrorCode[]

const PLACES = [
  [CALL_PROBLEMS, 'Calls through the gateway'],
  [COMMAND_PROBLEMS, 'Commands and the program itself'],
  [CONTROL_PROBLEMS, 'The control API and the portals'],
  [BILLING_PROBLEMS, 'Prices and invoices'],
] as const

// A row of the catalogue changes its page: `npm run docs` writes it again.
describe('docs/errors is made of the catalogue', () => {
  test('a list of all', async () => {
    await expect(list()).toMatchFileSnapshot('../../docs/errors/README.md')
  })

  test.each(CODES)('%s', async (code) => {
    await expect(page(code)).toMatchFileSnapshot(`../../docs/errors/${code}.md`)
  })

  test('and of nothing else', () => {
    const files = readdirSync(join(import.meta.dirname, '../../docs/errors')).sort()
    expect(files).toEqual(['README.md', ...CODES.map((code) => `${code}.md`)].sort())
  })
})

test('the type of a problem is the address of its page, under the docs_url of the file', () => {
  const base = 'https://docs.example.com'
  expect(problemType('no-route', base)).toBe(`${base}/errors/no-route`)
})

function list(): string {
  return [
    '# Errors',
    '',
    'Everything gatez refuses or fails at has a code that never changes: the `code` of a problem document (RFC 9457), `gatez-error` in a',
    'header field, `error.code` in `--json`. With `docs_url: https://docs.example.com` in `gatez.yaml` the `type` of a problem is',
    '`https://docs.example.com/errors/<code>`: put these pages there. Made from the catalogue by `npm run docs`.',
    '',
    ...PLACES.flatMap(([rows, title]) => [
      `## ${title}`,
      '',
      '| Code | Status | Exit code | |',
      '| --- | --- | --- | --- |',
      ...Object.entries(rows).map(
        ([code, row]) => `| [${code}](${code}.md) | ${row.status} | ${row.exit} | ${row.title} |`,
      ),
      '',
    ]),
  ].join('\n')
}

function page(code: ErrorCode): string {
  const { status, exit, title, fix } = CATALOGUE[code]
  const [, place] = PLACES.find(([rows]) => code in rows) ?? [undefined, '']
  const type = problemType(code, null)
  const iana = type.startsWith('https:') ? [`Its \`type\` is the registered one: <${type}>.`, ''] : []
  return [
    `# ${title}`,
    '',
    `\`${code}\` · HTTP status ${status} · exit code ${exit} · ${place}`,
    '',
    `**What to do.** ${fix}`,
    '',
    ...iana,
    'The `detail` of the problem says what it was about in this case; `request_id` finds the call in the log and in `gatez why`.',
    '',
    '[All errors](README.md)',
    '',
  ].join('\n')
}
