import { Cluster, Redis } from 'ioredis'

/** The driver by its names: who loads a package of the old form late is told nothing but `default` by a bundle. */
export const redisDriver = { Cluster, Redis } as const
