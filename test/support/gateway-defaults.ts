import type { ClientRules } from '../../src/config/config.ts'

/** Where gatez answers itself unless a test says otherwise. */
export const OWN_PATHS = { health: '/gatez/health', usage: '/gatez/usage', events: '/v1/events' }

/** What a file that says nothing of clients gives. */
export const CLIENT_RULES: ClientRules = {
  trustedProxies: [],
  forwardedBy: 'x-forwarded-for',
  connectionsPerIp: null,
  failedKeysPerMinute: null,
  maxLagMs: null,
  headMs: 10_000,
  bodyMs: 10_000,
  readMs: 25_000,
  keepAliveMs: 65_000,
}
