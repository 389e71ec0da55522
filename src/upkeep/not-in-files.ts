import type { Config } from '../config/config.ts'
import { GatezError } from '../errors/gatez-error.ts'
import { controlStorePlace } from '../storage/open.ts'

/** Why gatez cannot copy a store that is no file of this machine, and what can. */
export function notInFiles(config: Pick<Config, 'stores'>): GatezError {
  const detail =
    `The control store is in ${controlStorePlace(config)}: back it up with what is made for it, as pg_dump or a ` +
    'snapshot of its disk (docs/postgres.md). gatez backup and gatez restore copy stores that are files.'
  return new GatezError('invalid-parameter', detail)
}
