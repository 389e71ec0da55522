import type { RequestListener, ServerResponse } from 'node:http'
import { setImmediate as otherWork } from 'node:timers/promises'

/** What is called, by route: every form in which an answer can end. */
export const CALLS = {
  search: '/search',
  lookup: '/lookup/7',
  export: '/export',
  head: 'HEAD /search',
  none: '/none',
  events: '/events',
} as const

/** The routes of these calls. */
export const ROUTES: readonly object[] = [
  { id: 'search', match: 'GET /search' },
  { id: 'lookup', match: 'GET /lookup/{id}' },
  { id: 'export', match: 'GET /export', cost: 10 },
  { id: 'head', match: 'HEAD /search' },
  { id: 'none', match: 'GET /none' },
  { id: 'events', match: 'GET /events' },
]

/** An upstream that answers them: with a length in one piece and in several, chunked, as a stream, without a body. */
export const answerAll: RequestListener = (request, response) => {
  const { url = '' } = request
  if (url.startsWith('/lookup')) void send(response, { 'content-type': 'text/plain' }, PARAGRAPHS)
  else if (url.startsWith('/events')) void send(response, { 'content-type': 'text/event-stream' }, EVENTS)
  else if (url.startsWith('/export')) void send(response, { 'content-length': LARGE.length * PIECES }, LARGES)
  else if (url.startsWith('/none')) response.writeHead(204).end()
  else response.writeHead(200, { 'content-length': SMALL.length }).end(request.method === 'HEAD' ? '' : SMALL)
}

async function send(
  response: ServerResponse,
  head: Readonly<Record<string, string | number>>,
  pieces: readonly (string | Buffer)[],
): Promise<void> {
  response.writeHead(200, head)
  for (const piece of pieces) {
    response.write(piece)
    // Each in a packet of its own.
    await otherWork()
  }
  response.end()
}

const SMALL = '{"ok":true}'
const PARAGRAPHS = ['first ', 'second ', 'third']
const EVENTS = ['data: one\n\n', 'data: two\n\n', 'data: [DONE]\n\n']
const PIECES = 3
const LARGE = Buffer.alloc(16_384, 'x')
const LARGES = Array.from({ length: PIECES }, () => LARGE)
