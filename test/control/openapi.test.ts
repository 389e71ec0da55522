import { expect, test } from 'vitest'
import { controlApp } from '../../src/control/control-app.ts'
import { openApiDocument } from '../../src/control/openapi-document.ts'
import { type Operation, pathNames, restPlace } from '../../src/control/operation.ts'
import { OPERATIONS } from '../../src/control/operations.ts'
import { ROUTES } from '../../src/control/routes.ts'
import { CATALOGUE } from '../../src/errors/catalogue.ts'
import { startControl } from '../support/control.ts'

const operations = Object.entries<Operation>(OPERATIONS)

test('the routes that the client knows are those of the operations', () => {
  const wanted = operations.map(([id, operation]) => [
    id,
    [operation.method.toUpperCase(), operation.path, restPlace(operation)],
  ])
  expect(ROUTES).toEqual(Object.fromEntries(wanted))
  expect(operations.filter(([id, operation]) => operation.id !== id)).toEqual([])
})

test.each(operations)('the example of %s is one', (_, { input, answer, example, path, upload }) => {
  expect(input.safeParse(example.input)).toMatchObject({ success: true })
  if (answer !== undefined) expect(answer.safeParse(example.answer)).toMatchObject({ success: true })
  expect(pathNames(path).filter((name) => !Object.hasOwn(input.shape, name))).toEqual([])
  expect(upload === undefined || answer !== undefined).toBe(true)
})

test('the document is OpenAPI 3.1 with every operation, its examples and its errors', async () => {
  const control = await startControl()
  const { json } = await control.ask('GET', '/api/openapi.json')
  expect(json.openapi).toBe('3.1.0')
  const all = Object.values<any>(json.paths).flatMap((methods) => Object.values<any>(methods))
  expect(all.map(({ operationId }) => operationId).sort()).toEqual(Object.keys(OPERATIONS).sort())
  for (const { operationId, responses } of all) {
    const codes = Object.entries<any>(responses).flatMap(([status, { content }]) =>
      Object.keys(content?.['application/problem+json']?.examples ?? {}).map(
        (code) => [code, Number(status)] as const,
      ),
    )
    expect(codes.length, operationId).toBeGreaterThan(4)
    for (const [code, status] of codes) expect(CATALOGUE[code as keyof typeof CATALOGUE].status).toBe(status)
  }
  expect(JSON.stringify(json)).not.toMatch(/gz_(live|test)_[0-9A-Za-z]{38}|gzt_[0-9A-Za-z]{38}/)
})

test('the listener of the portal offers the portal and nothing of the operator', async () => {
  const control = await startControl({}, { isPortal: true })
  const app = controlApp(control.parts, { isPortal: true, host: '127.0.0.1' })
  for (const [, { path, method }] of operations) {
    const response = await app.request(path.replaceAll(/\{\w+\}/g, 'x'), { method: method.toUpperCase() })
    const { code }: any = await response.json().catch(() => ({ code: 'none' }))
    expect([path, code === 'no-route']).toEqual([path, !path.startsWith('/api/portal/')])
  }
  expect((await app.request('/api/openapi.json')).status).toBe(404)
})

// A change of an operation changes the page: `npm run docs` writes it again.
test('docs/api.md is made of the operations', async () => {
  await expect(page()).toMatchFileSnapshot('../../docs/api.md')
})

function page(): string {
  openApiDocument('0.0.0')
  const tags = [...new Set(operations.map(([, { tag }]) => tag))]
  return [
    '# The control API',
    '',
    'Everything the command line does, over HTTP, at `control.listen` (127.0.0.1:8081 unless you choose another). This page is made from the',
    'operations: `npm run docs` writes it. The same as OpenAPI 3.1, with schemas and examples, is at `/api/openapi.json`.',
    '',
    '- `Authorization: Bearer gzt_…` with a token of `gatez tokens create NAME --scope read`. The first one, with the scope `owner`, lies in',
    '  `.gatez/operator-token`, which only the user of `gatez serve` can read. `owner` may everything; of the other scopes none includes another.',
    '- Lists come in pages: `{"data": […], "next": "…"}`; `?cursor=` takes what `next` said, `?limit=` at most 1000.',
    '- A change with `Idempotency-Key` is done once: again it is answered as before (`idempotency-replayed: true`), 409 while it runs, 422 with',
    '  another body. Change and answer are one transaction, so a crash leaves both or neither. A secret is never kept: its replay answers',
    '  409 `already-revealed`. Answers are kept for seven days.',
    '- `ETag` on what is read; `If-Match` with it on a change answers 412 when it is no longer what you read.',
    '- Problems are RFC 9457 documents with a stable `code`; `gatez --json` prints the same.',
    '- A host that is neither the address it listens on nor in `control.hosts` gets 421, a page of another site 403. There is no CORS.',
    '- Money needs the scope `billing`: to make, send, pay, credit and void invoices, to take calls back, and to give a tenant prices. Reading',
    '  amounts needs `read` or `billing`. Mail holds links that let people in, so it is for the `owner`.',
    '- `GATEZ_URL=http://… GATEZ_TOKEN=gzt_… gatez …` works through it, with the same output. What makes or reads files where it runs stays there:',
    '  `init`, `serve`, `demo`, `backup`, `restore`, `db migrate`, `config`, `completion`, `keys scan`, `pricing quote` and `pricing lint`.',
    '',
    ...tags.flatMap((tag) => [
      `## ${tag}`,
      '',
      '| | | who | |',
      '| --- | --- | --- | --- |',
      ...operations.filter(([, each]) => each.tag === tag).map(([, each]) => row(each)),
      '',
    ]),
  ].join('\n')
}

function row({ method, path, access, summary }: Operation): string {
  const who =
    access.by === 'operator'
      ? [access.scope, ...(access.or === undefined ? [] : [access.or])]
          .map((scope) => `\`${scope}\``)
          .join(' or ')
      : access.by === 'member'
        ? access.roles.length === 4
          ? 'members'
          : access.roles.join(', ')
        : access.by
  return `| ${method.toUpperCase()} | \`${path}\` | ${who} | ${summary} |`
}

/** Lists that are as long as what was asked: of the tenants that are named, of the plans and apis of one file. */
const SHORT = ['limitsNow', 'plansToChoose', 'myApis']

test('every list comes in pages', () => {
  const lists = operations.filter(([id, { method, example }]) => {
    return method === 'get' && hasData(example.answer) && !SHORT.includes(id)
  })
  expect(lists.length).toBeGreaterThan(8)
  for (const [id, { input, example }] of lists) {
    const paged = ['limit', 'cursor'].every((name) => name in input.shape)
    expect([id, paged, Object.hasOwn(Object(example.answer), 'next')]).toEqual([id, true, true])
  }
})

function hasData(answer: unknown): boolean {
  return typeof answer === 'object' && answer !== null && 'data' in answer && Array.isArray(answer.data)
}
