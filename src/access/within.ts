import type { ControlStore, ControlTables } from '../storage/ports/control-store.ts'

/**
 * The tables of a transaction as a store: use cases that begin a transaction of their own become part of it.
 *
 * So several of them hold together or not at all. It need not be closed.
 */
export function within(tables: ControlTables): ControlStore {
  return {
    ...tables,
    transaction: (work) => work(tables),
    forTenant: (_tenantId, work) => work(tables),
    isShared: false,
    doorbell: undefined,
    [Symbol.asyncDispose]: async () => {},
  }
}
