// ClickHouse over HTTP, for tests: the engine of the npm package `chdb`, which runs inside of this process.
// Statements, settings, parameters and rows go to it untouched, its errors come back with its own codes.
//   node clickhouse-server.ts DATA_FOLDER PORT USER PASSWORD
// Prints the port it listens on. Ends when its standard input does, so that it never outlives its test.
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { createGunzip, createGzip } from 'node:zlib'

const { Session } = createRequire(join(import.meta.dirname, 'package.json'))('chdb') as {
  readonly Session: new (path: string) => Session
}

const [folder = '', port = '0', user = 'default', password = ''] = process.argv.slice(2)

// As long as one session is open, the engine keeps the folder.
const keeper = new Session(folder)
const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => refuse(response, error))
})
server.listen(Number(port), '127.0.0.1', () => {
  const address = server.address()
  console.log(typeof address === 'object' ? address?.port : address)
})
process.stdin.resume()
process.stdin.on('end', () => {
  keeper.close()
  process.exit(0)
})

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1')
  if (url.pathname === '/ping') {
    response.end('Ok.\n')
    return
  }
  const body = await bodyOf(request)
  if (!isLetIn(request)) {
    const failed = 'Authentication failed: password is incorrect, or there is no user with such name.'
    throw new Error(`Code: 516. DB::Exception: ${user}: ${failed} (AUTHENTICATION_FAILED)`)
  }
  const written = url.searchParams.get('query') ?? ''
  const statement = body === '' ? written : written === '' ? body : `${written}\n${body}`
  // A session of its own: what one call sets, no other call sees.
  const session = new Session(folder)
  try {
    for (const set of settingsOf(url.searchParams)) session.query(set)
    await run(session, statement, { request, response })
  } finally {
    session.close()
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const packed = request.headers['content-encoding'] === 'gzip'
  return (await buffer(packed ? request.pipe(createGunzip()) : request)).toString()
}

function isLetIn({ headers }: IncomingMessage): boolean {
  const basic = /^Basic (.+)$/.exec(headers.authorization ?? '')?.[1]
  if (basic !== undefined) return Buffer.from(basic, 'base64').toString() === `${user}:${password}`
  return (
    (headers['x-clickhouse-user'] ?? 'default') === user && (headers['x-clickhouse-key'] ?? '') === password
  )
}

/** What the address of a call sets: the database, parameters, and settings of the engine. */
function settingsOf(search: URLSearchParams): readonly string[] {
  const database = search.get('database') ?? 'default'
  return [
    `USE ${quoted(database, '`')}`,
    ...[...search].flatMap(([name, value]) =>
      OF_HTTP.has(name) ? [] : [`SET ${name} = ${quoted(value, "'")}`],
    ),
  ]
}

function quoted(text: string, quote: string): string {
  return quote + text.replaceAll('\\', '\\\\').replaceAll(quote, `\\${quote}`) + quote
}

/** What belongs to the interface, not to the engine. */
const OF_HTTP = new Set([
  'query',
  'database',
  'query_id',
  'session_id',
  'session_timeout',
  'wait_end_of_query',
  'default_format',
  'role',
])

async function run(session: Session, statement: string, { request, response }: Exchange): Promise<void> {
  if (!/^[\s(]*(?:select|with|show|describe|desc|exists|explain)\b/i.test(statement)) {
    const result = await session.queryAsync(statement, { format: 'TabSeparated' })
    response.end(result.bytes())
    return
  }
  // As every answer of the real one has.
  response.setHeader('x-clickhouse-query-id', randomUUID())
  const stream = session.queryStream(statement, { format: 'TabSeparated' })
  const chunks = stream[Symbol.asyncIterator]()
  // An error comes before the first rows, most of the time: then it can still be the answer.
  let next = await chunks.next()
  const packs = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))
  if (packs) response.setHeader('content-encoding', 'gzip')
  const out = packs ? createGzip({ level: 1 }) : response
  if (out !== response) out.pipe(response)
  while (next.done !== true && !response.destroyed) {
    if (!out.write(next.value.raw())) {
      await new Promise((resolve) => out.once('drain', resolve).once('close', resolve))
    }
    next = await chunks.next()
  }
  stream.cancel()
  out.end()
}

function refuse(response: ServerResponse, error: unknown): void {
  const text = error instanceof Error ? error.message : String(error)
  const from = text.indexOf('Code: ')
  const message = from === -1 ? `Code: 1000. DB::Exception: ${text} (POCO_EXCEPTION)` : text.slice(from)
  const code = /^Code: (\d+)\./.exec(message)?.[1] ?? '1000'
  if (response.headersSent) {
    response.destroy()
    return
  }
  response.writeHead(STATUSES[code] ?? 500, { 'x-clickhouse-exception-code': code })
  response.end(message)
}

/** As the real server maps them. */
const STATUSES: Readonly<Record<string, number>> = {
  '60': 404,
  '62': 400,
  '81': 404,
  '115': 404,
  '497': 403,
  '516': 403,
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

interface Session {
  query(statement: string): string
  queryAsync(
    statement: string,
    options: { readonly format: string },
  ): Promise<{ readonly bytes: () => Uint8Array }>
  queryStream(
    statement: string,
    options: { readonly format: string },
  ): AsyncIterable<{ readonly raw: () => Uint8Array }> & { cancel(): void }
  close(): void
}
