import { isDeepStrictEqual } from 'node:util'
import type { Config } from './config.ts'

/**
 * The fields that differ between two readings of the file and that a running gateway cannot change:
 * they take effect with its next start. Named as in the file.
 */
export function restartFields(before: Config, after: Config): readonly string[] {
  return FIELDS.filter(([, read]) => !isDeepStrictEqual(read(before), read(after))).map(([name]) => name)
}

const FIELDS: readonly (readonly [name: string, read: (config: Config) => unknown])[] = [
  ['docs_url', (config) => config.docsUrl],
  ['gateway.listen', (config) => config.gateway.listen],
  ['gateway.tls', (config) => config.gateway.tls !== null],
  ['gateway.threads', (config) => config.gateway.threads],
  ['gateway.counters_mib', (config) => config.gateway.countersMib],
  ['gateway.fast_lane', (config) => config.gateway.fastLane],
  ['gateway.nodes', (config) => config.gateway.nodes],
  ['control', (config) => config.control],
  ['portal', (config) => config.portal],
  ['stores', (config) => config.stores],
  ['telemetry', (config) => config.telemetry],
  ['metering.durability', (config) => config.metering.durability],
  ['metering.spool_max', (config) => config.metering.spoolBytesMax],
  ['metering.client_ip', (config) => config.metering.clientIp],
]
