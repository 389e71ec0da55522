import { Agent, request } from 'undici'

/** What asks upstreams how they are, by its names: who loads undici late is told nothing but `default` by a bundle. */
export const healthClient = { Agent, request } as const
