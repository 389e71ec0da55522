import { GatezError } from '../errors/gatez-error.ts'
import type { Key } from '../model/key.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'

/** Writes `next` over `key`; throws `wrong-state` when somebody else changed the state meanwhile. */
export async function replaceKey(tables: ControlTables, key: Key, next: Key): Promise<void> {
  if (await tables.keys.update(next, key.state)) return
  throw new GatezError('wrong-state', `Key ${key.id} is no longer ${key.state}: somebody else changed it.`)
}
