import { OTHER_HOST } from './load-gateway.ts'
import type { RateClient, RateFigures, RateLoad } from './rate-client.ts'

/** On the api that something else is done to. */
export const HEALTHY_PER_SECOND = 500
const OTHERS_PER_SECOND = 100

/** Small calls to the api that something else is done to, to another one, and past the gateway: what the machine itself does. */
export function healthyLoads(
  { port, keys }: { readonly port: number; readonly keys: readonly string[] },
  upstream: { readonly port: number },
): readonly RateLoad[] {
  const common = { path: '/small', connections: 32 }
  return [
    { ...common, name: 'same', port, key: keys[0], perSecond: HEALTHY_PER_SECOND },
    { ...common, name: 'other', port, key: keys[1], host: OTHER_HOST, perSecond: OTHERS_PER_SECOND },
    { ...common, name: 'direct', port: upstream.port, perSecond: OTHERS_PER_SECOND },
  ]
}

/** What they see while something is done. */
export async function during(
  client: RateClient,
  work: () => Promise<unknown>,
): Promise<readonly RateFigures[]> {
  client.begin()
  await work()
  return client.end()
}

/** As tables have it. */
export function ms(value: number | undefined): string {
  return `${(value ?? Number.NaN).toFixed(2)} ms`
}
