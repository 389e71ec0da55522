// A fake model server: speaks like OpenAI, knows nothing, costs nothing. Needs Node and no packages.
//
//   node model.js             on 127.0.0.1:9000
//   PORT=9001 node model.js   on another port
//
// It answers POST /v1/chat/completions, whole or, with "stream": true, piece by piece, and counts a word
// as a token. The count stands in `usage`, and for gatez in the header x-gatez-meter-tokens.

import('node:http').then(({ createServer }) => {
  const port = Number(process.env.PORT ?? 9000)
  const server = createServer(answer)
  server.on('error', (error) => {
    console.error(error.code === 'EADDRINUSE' ? `Port ${port} is in use. Try PORT=9001.` : error.message)
    process.exit(1)
  })
  server.listen(port, '127.0.0.1', () => {
    console.log(`Fake model server on http://127.0.0.1:${server.address().port}`)
  })
})

const MODEL = 'parrot-1'
let count = 0

async function answer(request, response) {
  const url = new URL(request.url, 'http://localhost')
  const body = await bodyOf(request)

  if (request.method === 'GET' && url.pathname === '/v1/models') {
    return send(response, 200, { object: 'list', data: [{ id: MODEL, object: 'model', owned_by: 'nobody' }] })
  }
  if (request.method !== 'POST' || url.pathname !== '/v1/chat/completions') {
    return send(response, 404, problem('there is no such endpoint'))
  }
  const wanted = parse(body)
  if (!Array.isArray(wanted?.messages) || wanted.messages.length === 0) {
    return send(response, 400, problem('messages must be a list with at least one message'))
  }
  return wanted.stream === true ? stream(response, complete(wanted)) : whole(response, complete(wanted))
}

/** What the model says, and what it took. */
function complete({ messages }) {
  const prompt = messages.map((message) => textOf(message?.content)).join(' ')
  const words = `You said: ${textOf(messages.at(-1)?.content)}`.split(/\s+/).filter(Boolean)
  const promptTokens = prompt.split(/\s+/).filter(Boolean).length
  const usage = {
    prompt_tokens: promptTokens,
    completion_tokens: words.length,
    total_tokens: promptTokens + words.length,
  }
  count += 1
  return { id: `chatcmpl-${count}`, created: Math.floor(Date.now() / 1000), words, usage }
}

function whole(response, { id, created, words, usage }) {
  const message = { role: 'assistant', content: words.join(' ') }
  const choices = [{ index: 0, message, finish_reason: 'stop' }]
  const headers = { 'x-gatez-meter-tokens': String(usage.total_tokens) }
  send(response, 200, { id, object: 'chat.completion', created, model: MODEL, choices, usage }, headers)
}

async function stream(response, { id, created, words, usage }) {
  // A head comes before the first word: a server that does not know the count by then cannot say it here.
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-gatez-meter-tokens': String(usage.total_tokens),
  })
  const say = (choices, rest = {}) => {
    const chunk = { id, object: 'chat.completion.chunk', created, model: MODEL, choices, ...rest }
    response.write(`data: ${JSON.stringify(chunk)}\n\n`)
  }
  say([{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }])
  for (const [index, word] of words.entries()) {
    if (response.destroyed) return
    say([{ index: 0, delta: { content: index === 0 ? word : ` ${word}` }, finish_reason: null }])
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  say([{ index: 0, delta: {}, finish_reason: 'stop' }])
  say([], { usage })
  response.end('data: [DONE]\n\n')
}

/** A content is a text, or a list of parts of which some are text. */
function textOf(content) {
  if (typeof content === 'string') return content
  return Array.isArray(content) ? content.map((part) => part?.text ?? '').join(' ') : ''
}

function parse(body) {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

function problem(message) {
  return { error: { message, type: 'invalid_request_error' } }
}

async function bodyOf(request) {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

function send(response, status, value, headers = {}) {
  const text = JSON.stringify(value)
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    ...headers,
  })
  response.end(text)
}
