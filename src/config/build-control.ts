import { resolve } from 'node:path'
import { assert } from '../lib/assert.ts'
import { parseListen } from './address.ts'
import { readLogo } from './brand.ts'
import { readText } from './build-api.ts'
import type { ListenerTls } from './config.ts'
import type { ControlConfig, PortalConfig } from './control-config.ts'
import { CONTROL_LISTEN } from './control-schema.ts'
import type { File } from './schema.ts'

/** The map `control`, with its defaults. */
export function toControl({ control }: Pick<File, 'control'>, folder: string): ControlConfig {
  const preset = parseListen(CONTROL_LISTEN)
  assert('value' in preset, 'the preset address can be read')
  return {
    listen: control.listen ?? preset.value,
    isChosen: control.listen !== undefined,
    tls: toTls(control.tls, folder),
    behindProxy: control.behind_proxy,
    hosts: control.hosts,
    requestsPerMinute: control.requests_per_minute,
  }
}

/** The map `portal`, with its defaults. */
export function toPortal({ portal }: Pick<File, 'portal'>, folder: string): PortalConfig {
  const { oidc, brand } = portal
  return {
    listen: portal.listen ?? null,
    tls: toTls(portal.tls, folder),
    behindProxy: portal.behind_proxy,
    url: portal.url ?? null,
    signUp: portal.sign_up,
    signUpPlan: portal.sign_up_plan ?? null,
    plans: portal.plans ?? null,
    oidc:
      oidc === undefined
        ? null
        : {
            issuer: oidc.issuer,
            clientId: oidc.client_id,
            clientSecret: oidc.secret.value,
            operators: oidc.operators.map((email) => email.trim().toLowerCase()),
          },
    brand: {
      name: brand.name ?? 'gatez',
      color: brand.color ?? '#3b5bdb',
      logo: brand.logo === undefined ? null : readLogo(resolve(folder, brand.logo)),
    },
  }
}

function toTls(
  tls: { readonly cert: string; readonly key: string } | undefined,
  folder: string,
): ListenerTls | null {
  return tls === undefined ? null : { cert: readText(tls.cert, folder), key: readText(tls.key, folder) }
}
