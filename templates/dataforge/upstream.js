// The sample API behind gatez: answers in small JSON, keeps nothing. Needs Node and no packages.
//
//   node upstream.js             on 127.0.0.1:9000
//   PORT=9001 node upstream.js   on another port

import('node:http').then(({ createServer }) => {
  const port = Number(process.env.PORT ?? 9000)
  const server = createServer(answer)
  server.on('error', (error) => {
    console.error(error.code === 'EADDRINUSE' ? `Port ${port} is in use. Try PORT=9001.` : error.message)
    process.exit(1)
  })
  server.listen(port, '127.0.0.1', () => {
    console.log(`DataForge sample API on http://127.0.0.1:${server.address().port}`)
  })
})

const RECORDS = [
  { id: '1', name: 'Ada Lovelace', city: 'London' },
  { id: '2', name: 'Alan Turing', city: 'Manchester' },
  { id: '3', name: 'Grace Hopper', city: 'New York' },
]

async function answer(request, response) {
  const url = new URL(request.url, 'http://localhost')
  const body = await bodyOf(request)
  const lookup = /^\/v1\/lookup\/([^/]+)$/.exec(url.pathname)

  if (request.method === 'GET' && url.pathname === '/v1/search') {
    const wanted = (url.searchParams.get('q') ?? '').toLowerCase()
    const found = RECORDS.filter((record) => record.name.toLowerCase().includes(wanted))
    return send(response, 200, { results: found })
  }
  if (request.method === 'GET' && lookup) {
    const record = RECORDS.find((candidate) => candidate.id === decodeURIComponent(lookup[1]))
    return record ? send(response, 200, record) : send(response, 404, { error: 'no such record' })
  }
  if (request.method === 'GET' && url.pathname === '/v1/export') {
    return send(response, 200, { records: RECORDS, count: RECORDS.length })
  }
  if (request.method === 'POST' && url.pathname === '/v1/ingest') {
    return send(response, 202, { accepted: true, bytes: body.length })
  }
  if (request.method === 'POST' && url.pathname === '/v1/analyze') {
    const words = body.toString().split(/\W+/).filter(Boolean).length
    return send(response, 200, { words, sentiment: words % 2 === 0 ? 'positive' : 'neutral' })
  }
  return send(response, 404, { error: 'no such endpoint' })
}

async function bodyOf(request) {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function send(response, status, value) {
  const text = JSON.stringify(value)
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  })
  response.end(text)
}
