import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { UpstreamTls } from '../../src/model/api.ts'
import { makeCertificates } from '../support/certificates.ts'
import { apiOn, startGateway } from '../support/gateway.ts'
import { exchangeBytes } from '../support/raw-socket.ts'
import { RawUpstream } from '../support/raw-upstream.ts'
import { tempDir } from '../support/temp-dir.ts'

const request = (secret: string, ...fields: readonly string[]) =>
  ['GET /a HTTP/1.1', 'Host: a', 'Connection: close', `x-api-key: ${secret}`, ...fields, '', ''].join('\r\n')

test('the shared secret goes upstream; what a client puts into its field, in any spelling, does not', async () => {
  const upstream = await RawUpstream.answering('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  const secret = { header: 'x-gateway-secret', value: 'a-secret-of-24-characters' }
  const gateway = await startGateway({ apis: [apiOn(upstream.port, { secret })] })
  const fields = ['X-Gateway-Secret: forged', 'x_gateway_secret: forged', 'x-other: kept']
  const received = await exchangeBytes(gateway.port, request(gateway.secret, ...fields))
  expect(upstream.heads[0]).toMatch(/\r\nx-gateway-secret: a-secret-of-24-characters\r\n/)
  expect(upstream.heads[0]).toMatch(/\r\nx-other: kept\r\n/)
  expect(upstream.heads[0]).not.toContain('forged')
  expect(received).not.toContain(secret.value)
})

describe('TLS to the upstream', () => {
  const nothing: UpstreamTls = { ca: null, cert: null, key: null, serverName: null }

  /** An upstream that wants to see a certificate of its authority, and a call through gatez to it. */
  async function callWith(tls: (pem: (name: string) => string) => Partial<UpstreamTls>) {
    const pem = makeCertificates(tempDir())
    const own = { key: pem('server.key'), cert: pem('server.pem') }
    const subjects: string[] = []
    const server: Server = createServer(
      { ...own, ca: pem('ca.pem'), requestCert: true, rejectUnauthorized: true },
      (incoming, response) => {
        if (
          'getPeerCertificate' in incoming.socket &&
          typeof incoming.socket.getPeerCertificate === 'function'
        ) {
          subjects.push(incoming.socket.getPeerCertificate().subject.CN)
        }
        response.end('ok')
      },
    )
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => {
      server.close()
      server.closeAllConnections()
    })
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const api = apiOn(port, { upstreams: [`https://127.0.0.1:${port}`], tls: { ...nothing, ...tls(pem) } })
    const gateway = await startGateway({ apis: [api] })
    const received = await exchangeBytes(gateway.port, request(gateway.secret))
    return { received, subjects, gateway }
  }

  const whole = (pem: (name: string) => string) => ({
    ...{ ca: pem('ca.pem'), cert: pem('client.pem'), key: pem('client.key') },
  })

  test('shows our certificate and trusts the given authority alone', async () => {
    const { received, subjects } = await callWith(whole)
    expect(received).toMatch(/^HTTP\/1\.1 200 [\s\S]*ok$/)
    expect(subjects).toEqual(['client'])
  })

  test('holds the upstream to the given name', async () => {
    const right = await callWith((pem) => ({ ...whole(pem), serverName: 'upstream.test' }))
    expect(right.received).toMatch(/^HTTP\/1\.1 200 /)
    const wrong = await callWith((pem) => ({ ...whole(pem), serverName: 'other.test' }))
    expect(wrong.received).toMatch(/^HTTP\/1\.1 502 [\s\S]*upstream-tls/)
    expect(wrong.gateway.warnings).toEqual([
      expect.stringMatching(/shop fail: .*other\.test.*ERR_TLS_CERT_ALTNAME/s),
    ])
  })

  test('without a certificate of ours the upstream does not answer: 502, nothing billed', async () => {
    const { received, subjects, gateway } = await callWith((pem) => ({ ca: pem('ca.pem') }))
    expect(received).toMatch(/^HTTP\/1\.1 502 /)
    expect(subjects).toEqual([])
    expect(await gateway.events()).toMatchObject([{ outcome: 'upstream_error', billable: false }])
  })

  test('an upstream that someone else vouches for is not asked; the operator learns why, the client does not', async () => {
    const { received, subjects, gateway } = await callWith((pem) => ({
      ...whole(pem),
      ca: pem('other-ca.pem'),
    }))
    expect(received).toMatch(
      /^HTTP\/1\.1 502 [\s\S]*The service behind this endpoint could not be reached safely/,
    )
    expect(received).not.toMatch(/certificate|127\.0\.0\.1/)
    expect(subjects).toEqual([])
    expect(gateway.warnings).toEqual([
      expect.stringMatching(/^calls to the upstream of shop fail: .*certificate/),
    ])
  })
})
