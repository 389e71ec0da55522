import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config/load-config.ts'
import { GatezError } from '../../src/errors/gatez-error.ts'
import { makeCertificates } from '../support/certificates.ts'

const SECRET = '0123456789012345678'

let folder: string
let pem: (name: string) => string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatez-test-'))
  pem = makeCertificates(folder)
  writeFileSync(join(folder, 'text.pem'), 'no PEM')
})

afterAll(() => rmSync(folder, { recursive: true }))

const text = (api: string, upstream = 'https://127.0.0.1:9443') => `
version: 1
apis:
  - id: shop
    upstream: ${upstream}
${api
  .split('\n')
  .map((line) => `    ${line}`)
  .join('\n')}
    routes: [{ id: all, match: "ANY /{rest*}" }]
plans: [{ id: free, routes: all }]
`

const read = (api: string, upstream?: string) =>
  parseConfig(text(api, upstream), { file: join(folder, 'gatez.yaml'), env: { SECRET, SHORT: 'hunter2' } })

/** The problems of a file, a line each, without its name. */
function problemsOf(api: string, upstream?: string): string {
  try {
    read(api, upstream)
    return ''
  } catch (error) {
    if (!(error instanceof GatezError)) throw error
    return JSON.stringify(error.extra)
  }
}

describe('the shared secret of an upstream', () => {
  test('is the variable, as text, even when it looks like a number', () => {
    const [api] = read(`secret: { header: X-Gateway-Secret, value: "\${SECRET}" }`).apis
    expect(api?.secret).toEqual({ header: 'x-gateway-secret', value: SECRET })
    const [plain] = read(`secret:\n  header: x-gateway-secret\n  value: \${SECRET}`).apis
    expect(plain?.secret?.value).toBe(SECRET)
  })

  test.each([
    {
      value: '"a-literal-secret-in-the-file"',
      says: /must come from the environment, as \$\{UPSTREAM_SECRET\}/,
    },
    { value: `"prefix-\${SECRET}"`, says: /must come from the environment/ },
    { value: `"\${SECRET:-a-default-that-anyone-reads}"`, says: /must come from the environment/ },
    { value: `"\${SHORT}"`, says: /must be 16 to 512 visible ASCII characters/ },
    { value: `"\${NONE}"`, says: /NONE is not set/ },
  ])('$value is refused, and not shown', ({ value, says }) => {
    const problems = problemsOf(`secret: { header: x-gateway-secret, value: ${value} }`)
    expect(problems).toMatch(says)
    expect(problems).toMatch(/apis\[0\]\.secret\.value|"secret","value"/)
    expect(problems).not.toMatch(/literal-secret|hunter2|0123456789|anyone-reads/)
  })

  test.each(['Host', 'x-gatez-tenant', 'x-api-key', 'content-length', 'x forwarded'])(
    'its field cannot be %s',
    (header) => {
      expect(problemsOf(`secret: { header: "${header}", value: "\${SECRET}" }`)).toMatch(/header/)
    },
  )
})

describe('TLS to an upstream', () => {
  test('is read from files beside gatez.yaml', () => {
    const [api] = read('tls: { ca: ca.pem, cert: client.pem, key: client.key, server_name: Up.Test }').apis
    expect(api?.tls).toEqual({
      ca: pem('ca.pem'),
      cert: pem('client.pem'),
      key: pem('client.key'),
      serverName: 'up.test',
    })
  })

  test.each([
    { tls: '{ ca: none.pem }', says: /none\.pem does not exist/ },
    { tls: '{ ca: text.pem }', says: /text\.pem holds no certificate in PEM/ },
    { tls: '{ cert: client.pem }', says: /cert and key belong together/ },
    { tls: '{ cert: client.pem, key: text.pem }', says: /text\.pem holds no private key/ },
    { tls: '{ cert: client.pem, key: server.key }', says: /is not the key of client\.pem/ },
  ])('$tls is refused', ({ tls, says }) => {
    expect(problemsOf(`tls: ${tls}`)).toMatch(says)
  })

  test('to http:// makes no sense', () => {
    expect(problemsOf('tls: { ca: ca.pem }', 'http://127.0.0.1:9000')).toMatch(/begin with https:/)
  })
})
