import type { Config } from './config.ts'

/** Shorter ones are words that lines may hold anyway. */
const LENGTH_MIN = 8

/** Every secret the configuration holds, for whoever must not write any of them down. */
export function knownSecrets({
  apis,
  portal,
  mail,
  stores,
  telemetry,
  gateway,
  control,
}: Config): readonly string[] {
  const found = new Set<string>()
  const look = (value: unknown, isSecret: boolean): void => {
    if (typeof value === 'string') {
      if (isSecret && value.length >= LENGTH_MIN) found.add(value)
    } else if (typeof value === 'object' && value !== null) {
      for (const [name, part] of Object.entries(value))
        look(part, NAMES.test(name) || (isSecret && name === 'value'))
    }
  }
  for (const part of [apis, portal, mail, stores, telemetry, gateway.tls, control.tls]) look(part, false)
  return [...found]
}

/** How secrets are named here: passwords of stores and mail, keys of certificates, what upstreams share with us. */
const NAMES = /password|secret|^key$/i
