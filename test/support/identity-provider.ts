import { createHash, createSign, generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** A provider of identities of our own: the parts of OpenID Connect that a sign-in needs, on a real socket. */
export interface TestProvider {
  readonly issuer: string
  /** Who is signed in there. */
  user: { sub: string; email: string; email_verified: boolean }
  /** Signs the next ID token with a key that nobody knows. */
  lies: boolean
}

/** Starts it; closed when the test is over. */
export async function startIdentityProvider(): Promise<TestProvider> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const codes = new Map<string, { readonly challenge: string; readonly nonce: string }>()
  const provider: TestProvider = {
    issuer: '',
    user: { sub: 'u1', email: 'ann@example.com', email_verified: true },
    lies: false,
  }
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '', provider.issuer)
    const json = (body: object): void => {
      response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
    }
    if (url.pathname === '/.well-known/openid-configuration') {
      const at = (path: string) => `${provider.issuer}${path}`
      json({
        ...{
          issuer: provider.issuer,
          authorization_endpoint: at('/authorize'),
          token_endpoint: at('/token'),
        },
        ...{ jwks_uri: at('/jwks'), response_types_supported: ['code'], subject_types_supported: ['public'] },
        id_token_signing_alg_values_supported: ['RS256'],
      })
    } else if (url.pathname === '/jwks') {
      json({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k', use: 'sig', alg: 'RS256' }] })
    } else if (url.pathname === '/authorize') {
      const code = randomBytes(16).toString('hex')
      const { searchParams: asked } = url
      codes.set(code, { challenge: asked.get('code_challenge') ?? '', nonce: asked.get('nonce') ?? '' })
      const back = new URL(asked.get('redirect_uri') ?? '')
      back.searchParams.set('code', code)
      back.searchParams.set('state', asked.get('state') ?? '')
      response.writeHead(302, { location: back.href }).end()
    } else {
      const form = new URLSearchParams(await textOf(request))
      const known = codes.get(form.get('code') ?? '')
      codes.delete(form.get('code') ?? '')
      const challenge = createHash('sha256')
        .update(form.get('code_verifier') ?? '')
        .digest('base64url')
      if (known === undefined || challenge !== known.challenge) {
        response.statusCode = 400
        json({ error: 'invalid_grant' })
        return
      }
      const nowS = Math.floor(Date.now() / 1000)
      const claims = {
        ...{
          iss: provider.issuer,
          aud: 'gatez',
          iat: nowS,
          exp: nowS + 60,
          nonce: known.nonce,
          ...provider.user,
        },
      }
      const id_token = signed(claims, provider.lies ? stranger.privateKey : privateKey)
      json({ access_token: 'a', token_type: 'Bearer', expires_in: 60, id_token })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  return Object.assign(provider, { issuer: `http://127.0.0.1:${port}` })
}

function signed(claims: object, key: Parameters<ReturnType<typeof createSign>['sign']>[0]): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const body = `${part({ alg: 'RS256', kid: 'k', typ: 'JWT' })}.${part(claims)}`
  return `${body}.${createSign('RSA-SHA256').update(body).sign(key, 'base64url')}`
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const piece of request) text += piece
  return text
}
