import { execFileSync } from 'node:child_process'
import { appendFileSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config/load-config.ts'
import { restartFields } from '../../src/config/restart-fields.ts'
import { GatezError } from '../../src/errors/gatez-error.ts'
import { makeCertificates } from '../support/certificates.ts'
import { changed, SMALL_CONFIG } from '../support/config-text.ts'

let folder: string
let pem: (name: string) => string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatez-test-'))
  pem = makeCertificates(folder)
  openssl('pkcs8 -topk8 -in server.key -out locked.key -passout pass:x')
  openssl('req -x509 -newkey rsa:1024 -nodes -keyout weak.key -out weak.pem -days 2 -subj /CN=weak')
  copyFileSync(join(folder, 'server.pem'), join(folder, 'torn.pem'))
  appendFileSync(join(folder, 'torn.pem'), '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
})

afterAll(() => rmSync(folder, { recursive: true }))

function openssl(line: string): void {
  execFileSync('openssl', line.split(' '), { cwd: folder, stdio: 'pipe' })
}

const read = (text: string) => parseConfig(text, { file: join(folder, 'gatez.yaml'), env: {} })
const withTls = (tls: string) => changed('listen: 127.0.0.1:8080', `listen: 127.0.0.1:8080, tls: ${tls}`)

describe('the certificate of the listener', () => {
  test('is read from files beside gatez.yaml', () => {
    const { tls } = read(withTls('{ cert: ./server.pem, key: server.key }')).gateway
    expect(tls).toEqual({ cert: pem('server.pem'), key: pem('server.key') })
    expect(read(SMALL_CONFIG).gateway.tls).toBeNull()
  })

  test.each([
    {
      cert: 'server.pem',
      key: 'client.key',
      says: 'gateway.tls.key: client.key is not the key of server.pem',
    },
    {
      cert: 'server.key',
      key: 'server.key',
      says: 'gateway.tls.cert: server.key holds no certificate in PEM',
    },
    {
      cert: 'server.pem',
      key: 'server.pem',
      says: 'gateway.tls.key: server.pem holds no private key without a passphrase in PEM',
    },
    {
      cert: 'server.pem',
      key: 'locked.key',
      says: 'gateway.tls.key: locked.key holds no private key without a passphrase in PEM',
    },
    {
      cert: 'weak.pem',
      key: 'weak.key',
      says: 'gateway.tls.cert: weak.pem cannot be used for TLS: ee key too small',
    },
    {
      cert: 'torn.pem',
      key: 'server.key',
      says: 'gateway.tls.cert: torn.pem cannot be used for TLS: wrong tag',
    },
    {
      cert: '.',
      key: 'server.key',
      says: 'gateway.tls.cert: . cannot be read (paths are relative to the folder of this file)',
    },
  ])('$cert with $key is refused, with nothing of what is in them', ({ cert, key, says }) => {
    let message = ''
    try {
      read(withTls(`{ cert: ${cert}, key: ${key} }`))
    } catch (error) {
      if (!(error instanceof GatezError)) throw error
      message = error.message
    }
    expect(message).toMatch(/^1 problem in .*gatez\.yaml\n.*gatez\.yaml:2:\d+ /)
    expect(message.endsWith(says)).toBe(true)
    expect(message).not.toContain('BEGIN')
  })
})

test('a listener speaks TLS or not from start to end; its certificate may change', () => {
  const plain = read(SMALL_CONFIG)
  const tls = read(withTls('{ cert: server.pem, key: server.key }'))
  const renewed = read(withTls('{ cert: client.pem, key: client.key }'))
  expect(restartFields(plain, tls)).toEqual(['gateway.tls'])
  expect(restartFields(tls, plain)).toEqual(['gateway.tls'])
  expect(restartFields(tls, renewed)).toEqual([])
})

test('all that is said of clients may change while the gateway runs', () => {
  const other = [
    'trusted_proxies: [10.0.0.0/8], forwarded_by: forwarded, connections_per_ip: 5, failed_keys_per_minute: null',
    'max_lag: null, timeouts: { head: 1s, body: 2s, read: 3s, keep_alive: 4s }',
  ].join(', ')
  const after = read(changed('listen: 127.0.0.1:8080', `listen: 127.0.0.1:8080, ${other}`))
  expect(after.gateway.clients).toEqual({
    trustedProxies: ['10.0.0.0/8'],
    forwardedBy: 'forwarded',
    connectionsPerIp: 5,
    failedKeysPerMinute: null,
    maxLagMs: null,
    headMs: 1_000,
    bodyMs: 2_000,
    readMs: 3_000,
    keepAliveMs: 4_000,
  })
  expect(restartFields(read(SMALL_CONFIG), after)).toEqual([])
})
