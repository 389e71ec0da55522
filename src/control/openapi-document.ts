import { createRoute, OpenAPIHono, type RouteConfig, z } from '@hono/zod-openapi'
import { CATALOGUE, type ErrorCode } from '../errors/catalogue.ts'
import { type Access, type Operation, pathNames, restPlace } from './operation.ts'
import { OPERATIONS } from './operations.ts'

/** What can go wrong with every request. */
const ALWAYS: readonly ErrorCode[] = [
  ...(['invalid-parameter', 'foreign-origin', 'misdirected-request', 'too-many-requests'] as const),
  ...(['internal', 'store-unavailable'] as const),
]

const documents = new Map<string, object>()

/** The OpenAPI document (3.1) of everything that is offered, with examples and every error. */
export function openApiDocument(version: string): object {
  const known = documents.get(version)
  if (known !== undefined) return known
  const app = new OpenAPIHono()
  app.openAPIRegistry.registerComponent('securitySchemes', 'token', { type: 'http', scheme: 'bearer' })
  app.openAPIRegistry.registerComponent('securitySchemes', 'session', {
    ...{ type: 'apiKey', in: 'cookie', name: 'gatez_session' },
  })
  for (const operation of Object.values<Operation>(OPERATIONS)) {
    app.openAPIRegistry.registerPath(createRoute(routeOf(operation)))
  }
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'gatez control API',
      version,
      description:
        'Everything the command line does, over HTTP. Times are ISO 8601 in UTC, spans half-open, quantities and amounts ' +
        'decimal strings. Lists come in pages: next is the cursor of the next one. Changes take Idempotency-Key and, ' +
        'where there is one thing they change, If-Match with its ETag. Problems are RFC 9457 documents with a stable code.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    servers: [{ url: 'http://127.0.0.1:8081' }],
  })
  documents.set(version, document)
  return document
}

/** Every code an operation can answer with. */
export function errorsOf({
  access,
  errors,
  method,
  current,
  upload,
  input,
}: Operation): readonly ErrorCode[] {
  const isChange = method !== 'get'
  const hasBody =
    isChange && method !== 'delete' && upload === undefined && Object.keys(input.shape).length > 0
  const codes: ErrorCode[] = [...ALWAYS, ...errors]
  if (access.by !== 'anyone') codes.push('missing-token', 'invalid-token')
  if (access.by === 'operator') codes.push('insufficient-scope')
  if (access.by === 'member') codes.push('not-permitted')
  if (hasBody) codes.push('invalid-json', 'body-too-large', 'unsupported-media-type')
  if (isChange && access.by !== 'anyone') {
    codes.push('csrf-token-invalid', 'idempotency-running', 'idempotency-mismatch')
  }
  if (isChange && current !== undefined) codes.push('precondition-failed')
  return [...new Set(codes)]
}

const problemSchema = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    instance: z.string(),
    code: z.string(),
  })
  .openapi('Problem')

function routeOf(operation: Operation): RouteConfig {
  const { method, path, tag, summary, description, id, access, input } = operation
  const names = pathNames(path)
  const rest = Object.entries(input.shape).filter(([name]) => !names.includes(name))
  const shape = Object.fromEntries(rest)
  const isBody = restPlace(operation) === 'body'
  return {
    ...{ method, path, summary, operationId: id, tags: [tag], security: securityOf(access) },
    ...(description !== undefined && { description }),
    'x-access': access,
    request: {
      ...(names.length > 0 && {
        params: z.object(Object.fromEntries(names.map((name) => [name, input.shape[name] ?? z.string()]))),
      }),
      ...(!isBody && rest.length > 0 && { query: z.object(shape) }),
      ...bodyOf(operation, isBody && rest.length > 0 ? z.object(shape) : undefined),
    },
    responses: { [operation.status]: answerOf(operation), ...problemsOf(operation) },
  }
}

function bodyOf({ upload, example, path }: Operation, schema: z.ZodType | undefined): object {
  if (upload !== undefined) {
    return { body: { content: { [upload]: { schema: z.string() } }, required: true } }
  }
  if (schema === undefined) return {}
  const names = pathNames(path)
  const shown = Object.fromEntries(Object.entries(example.input).filter(([name]) => !names.includes(name)))
  return { body: { content: { 'application/json': { schema, example: shown } } } }
}

function answerOf({ answer, download, example, isSecret }: Operation) {
  const description = isSecret ? 'Done; the secret in it is kept nowhere.' : 'Done.'
  if (answer !== undefined) {
    return { description, content: { 'application/json': { schema: answer, example: example.answer } } }
  }
  if (download === undefined) return { description }
  return { description, content: { [download]: { schema: z.string(), example: example.answer } } }
}

/** The problems by status, each code with an example. */
function problemsOf(operation: Operation): RouteConfig['responses'] {
  const codes = errorsOf(operation)
  const statuses = [...new Set(codes.map((code) => CATALOGUE[code].status))].sort((a, b) => a - b)
  return Object.fromEntries(
    statuses.map((status) => {
      const here = codes.filter((code) => CATALOGUE[code].status === status)
      const examples = Object.fromEntries(here.map((code) => [code, { value: exampleProblem(code) }]))
      const content = { 'application/problem+json': { schema: problemSchema, examples } }
      return [status, { description: here.map((code) => CATALOGUE[code].title).join(' · '), content }]
    }),
  )
}

function exampleProblem(code: ErrorCode): object {
  const { title, status, fix } = CATALOGUE[code]
  return {
    type: `urn:gatez:errors:${code}`,
    title,
    status,
    detail: fix,
    instance: 'urn:gatez:request:…',
    code,
  }
}

function securityOf(access: Access): Record<string, string[]>[] {
  if (access.by === 'anyone') return []
  if (access.by === 'operator') {
    const scopes = access.or === undefined ? [access.scope] : [access.scope, access.or]
    return [...scopes.map((scope) => ({ token: [scope] })), { session: [] }]
  }
  return [{ session: [] }]
}
