import { Agent, request } from 'undici'

/**
 * What asks over HTTP beside calls, by its names: who loads undici late is told nothing but `default` by a bundle.
 *
 * To be loaded when it is needed, with `await import`: it is a megabyte, and a gateway may never need it.
 */
export const httpClient = { Agent, request } as const
