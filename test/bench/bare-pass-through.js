// The floor of the platform: node:http and undici's dispatch, raw headers, nothing else.
import { createServer } from 'node:http'
import { Pool } from 'undici'

const [port, upstream] = process.argv.slice(2)
const pool = new Pool(upstream, { connections: 256, pipelining: 1 })

class Passage {
  constructor(response) {
    this.response = response
  }

  onRequestStart() {}

  onResponseStart(controller, status) {
    const raw = controller.rawHeaders
    const fields = []
    for (let index = 0; index < raw.length; index += 2) {
      const name = raw[index].toString('latin1')
      if (name !== 'Connection' && name !== 'Keep-Alive') fields.push(name, raw[index + 1].toString('latin1'))
    }
    this.response.writeHead(status, fields)
  }

  onResponseData(_controller, chunk) {
    this.response.write(chunk)
  }

  onResponseEnd() {
    this.response.end()
  }

  onResponseError() {
    this.response.destroy()
  }
}

createServer((request, response) => {
  const { rawHeaders } = request
  const fields = []
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]
    if (name !== 'Host' && name !== 'Connection') fields.push(name, rawHeaders[index + 1])
  }
  const hasBody = request.headers['content-length'] !== undefined
  pool.dispatch(
    { method: request.method, path: request.url, headers: fields, body: hasBody ? request : null },
    new Passage(response),
  )
}).listen(Number(port), '127.0.0.1')
