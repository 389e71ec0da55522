import * as client from 'openid-client'
import { isLoopback } from '../config/address.ts'
import type { OidcConfig } from '../config/control-config.ts'
import { GatezError } from '../errors/gatez-error.ts'

/** How long the provider is waited for. */
const ASK_S = 10

/** A provider of identities (OpenID Connect), found out about when it is first needed. */
export class IdentityProvider {
  readonly #config: OidcConfig
  #found: Promise<client.Configuration> | undefined

  constructor(config: OidcConfig) {
    this.#config = config
  }

  /** Where a browser is sent to, and what must be remembered until it comes back. */
  async begin(redirectUri: string): Promise<BegunSignIn> {
    const configuration = await this.#configuration()
    const verifier = client.randomPKCECodeVerifier()
    const state = client.randomState()
    const nonce = client.randomNonce()
    const url = client.buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri,
      scope: 'openid email',
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    })
    return { url: url.href, state, verifier, nonce }
  }

  /** Who came back, proved by the provider; throws `sign-in-failed` when it is nobody. */
  async finish(callback: URL, begun: Omit<BegunSignIn, 'url'>): Promise<Identity> {
    const configuration = await this.#configuration()
    const { state, verifier, nonce } = begun
    const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier }
    const tokens = await client
      .authorizationCodeGrant(configuration, callback, { ...checks, idTokenExpected: true })
      .catch((cause: unknown) => {
        throw new GatezError('sign-in-failed', 'The provider of identities did not confirm who you are.', {
          cause,
        })
      })
    const claims = tokens.claims()
    const email = typeof claims?.email === 'string' ? claims.email.trim().toLowerCase() : undefined
    // An address nobody checked proves nothing.
    return {
      subject: `${claims?.iss} ${claims?.sub}`,
      email: claims?.email_verified === true ? email : undefined,
    }
  }

  #configuration(): Promise<client.Configuration> {
    const { issuer, clientId, clientSecret } = this.#config
    const url = new URL(issuer)
    // In the clear only on this machine, as in a test. Signatures are checked wherever a token comes from.
    const insecure = url.protocol === 'http:' && isLoopback(url.hostname)
    const checks = [client.enableNonRepudiationChecks]
    const execute = insecure ? [...checks, client.allowInsecureRequests] : checks
    const options = { execute, timeout: ASK_S }
    this.#found ??= client
      .discovery(url, clientId, clientSecret, undefined, options)
      .catch((cause: unknown) => {
        // Asked again the next time: it may be back then.
        this.#found = undefined
        const detail = 'The provider of identities cannot be reached; try again, or sign in with a password.'
        throw new GatezError('store-unavailable', detail, { cause })
      })
    return this.#found
  }
}

/** What must be remembered between the two halves of a sign-in. */
export interface BegunSignIn {
  readonly url: string
  readonly state: string
  readonly verifier: string
  readonly nonce: string
}

/** Somebody, as a provider knows it. */
export interface Identity {
  readonly subject: string
  /** Lower case; undefined when the provider did not check it. */
  readonly email: string | undefined
}
