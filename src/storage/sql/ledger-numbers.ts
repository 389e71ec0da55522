import type { Kysely } from 'kysely'
import { dimensionsText } from '../../model/dimension.ts'
import type { RollupKey } from '../ports/ledger.ts'
import { type LedgerStatements, run } from './ledger-statements.ts'
import { NameTable } from './name-table.ts'
import type { ControlSchema } from './schema.ts'

/**
 * The numbers that stand for the texts of a rollup: one for who called, one for what kind of call.
 *
 * Callers and kinds are few, their combinations many: so a rollup names both, and no row, index or
 * memory is spent on a combination.
 */
export class LedgerNumbers {
  readonly callers: NameTable<CallerName, NumberedCaller>
  readonly kinds: NameTable<KindName, NumberedKind>

  constructor(callers: NameTable<CallerName, NumberedCaller>, kinds: NameTable<KindName, NumberedKind>) {
    this.callers = callers
    this.kinds = kinds
  }

  /** The numbers of a store, of which none is known yet. */
  static of(statements: LedgerStatements): LedgerNumbers {
    const capacity = NAMES_MAX
    return new LedgerNumbers(
      new NameTable({
        capacity,
        field: ({ keyId, dimensions }) => keyId + dimensionsText(dimensions),
        same: sameCaller,
        text: (name) => callerValues(name).join('\n'),
        number: (connection, names) => numberCallers(connection, statements, names),
      }),
      new NameTable({
        capacity,
        field: ({ routeId }) => routeId,
        same: sameKind,
        text: (name) => kindValues(name).join('\n'),
        number: (connection, names) => numberKinds(connection, statements, names),
      }),
    )
  }

  /** The same numbers as one transaction sees them; `keep` after its commit. */
  inTransaction(): LedgerNumbers {
    return new LedgerNumbers(this.callers.inTransaction(), this.kinds.inTransaction())
  }

  keep(): void {
    this.callers.keep()
    this.kinds.keep()
  }
}

/** Who called: all calls of one key under one subscription, with the same dimensions. */
export type CallerName = Pick<
  RollupKey,
  'tenantId' | 'keyId' | 'planId' | 'planVersion' | 'subscriptionId' | 'dimensions'
>

/** What kind of call it was: where it went and how it ended. */
export type KindName = Pick<RollupKey, 'apiId' | 'routeId' | 'statusClass' | 'billable'>

export interface NumberedCaller extends CallerName {
  readonly tenantNo: number
  readonly callerNo: number
}

export interface NumberedKind extends KindName {
  readonly kindNo: number
}

/** Some 200 bytes each. */
const NAMES_MAX = 65_536

function sameCaller(left: CallerName, right: CallerName): boolean {
  return (
    left.tenantId === right.tenantId &&
    left.keyId === right.keyId &&
    left.planId === right.planId &&
    left.planVersion === right.planVersion &&
    left.subscriptionId === right.subscriptionId &&
    dimensionsText(left.dimensions) === dimensionsText(right.dimensions)
  )
}

function sameKind(left: KindName, right: KindName): boolean {
  return (
    left.apiId === right.apiId &&
    left.routeId === right.routeId &&
    left.statusClass === right.statusClass &&
    left.billable === right.billable
  )
}

type Value = string | number

function callerValues(name: CallerName): readonly Value[] {
  const { tenantId, keyId, planId, planVersion, subscriptionId, dimensions } = name
  return [tenantId, keyId, planId, planVersion, subscriptionId, dimensionsText(dimensions)]
}

function kindValues(name: KindName): readonly Value[] {
  return [name.apiId, name.routeId, name.statusClass, name.billable ? 1 : 0]
}

async function numberCallers(
  db: Kysely<ControlSchema>,
  statements: LedgerStatements,
  names: readonly CallerName[],
): Promise<readonly NumberedCaller[]> {
  const count = names.length
  const tenantIds = names.map(({ tenantId }) => tenantId)
  const values = names.flatMap(callerValues)
  await run(db, statements.tenantInsert(count), tenantIds)
  await run(db, statements.callerInsert(count), values)
  const { rows } = await run(db, statements.callerRead(count), values)
  return rows.flatMap(({ position, tenant_no, caller_no }) => {
    const name = names[position]
    return name === undefined ? [] : [{ ...callerOf(name), tenantNo: tenant_no, callerNo: caller_no }]
  })
}

async function numberKinds(
  db: Kysely<ControlSchema>,
  statements: LedgerStatements,
  names: readonly KindName[],
): Promise<readonly NumberedKind[]> {
  const values = names.flatMap(kindValues)
  await run(db, statements.kindInsert(names.length), values)
  const { rows } = await run(db, statements.kindRead(names.length), values)
  return rows.flatMap(({ position, kind_no }) => {
    const name = names[position]
    return name === undefined ? [] : [{ ...kindOf(name), kindNo: kind_no }]
  })
}

// What is given are whole rollups: only their names are to be remembered.
function callerOf(name: CallerName): CallerName {
  const { tenantId, keyId, planId, planVersion, subscriptionId, dimensions } = name
  return { tenantId, keyId, planId, planVersion, subscriptionId, dimensions }
}

function kindOf({ apiId, routeId, statusClass, billable }: KindName): KindName {
  return { apiId, routeId, statusClass, billable }
}
