import type { RollupSums } from './ledger.ts'

/**
 * What tenants used of their quotas, as the ledger has it, and which thresholds were told of.
 *
 * Each transaction that adds to the ledger leaves a note of what it added. Who watches quotas takes the notes, adds
 * them to the use of the periods and decides, all in one transaction: so no use is missed, none counts twice, and what
 * was decided before a crash stands.
 */
export interface QuotaStore {
  /** Whether there is any note. */
  hasNotes(): Promise<boolean>
  /** Takes the notes of at most so many tenants; they are gone with the end of the transaction. */
  takeNotes(tenantsMax: number): Promise<readonly UseNote[]>
  /** What was used in a period, a decimal; undefined where it was never added up. */
  used(place: UsePlace): Promise<string | undefined>
  setUsed(place: UsePlace, used: string): Promise<void>
  /** Keeps that a threshold was reached; false when it was known. */
  tell(alert: QuotaAlert): Promise<boolean>
  /** What was told of a tenant in periods that began at or after `fromMs`, oldest first. */
  told(tenantId: string, fromMs: number): Promise<readonly QuotaAlert[]>
  /** Forgets periods that ended before `beforeMs`. */
  forget(beforeMs: number): Promise<void>
}

/** What was added to the ledger of a tenant in one bucket: billable use only. */
export interface UseNote extends Omit<RollupSums, 'refused'> {
  readonly tenantId: string
  readonly subscriptionId: string
  readonly bucketMs: number
  /** Custom meters that are added up: id → decimal string. */
  readonly quantities: Readonly<Record<string, string>>
}

/** One meter of a tenant in the period of a quota. */
export interface UsePlace {
  readonly tenantId: string
  readonly meterId: string
  readonly fromMs: number
  readonly toMs: number
}

/** A part of a quota was used. */
export interface QuotaAlert {
  readonly tenantId: string
  readonly planId: string
  readonly quotaId: string
  /** When the period began. */
  readonly periodMs: number
  /** In percent of what is included. */
  readonly threshold: number
  readonly used: string
  readonly included: string
  readonly atMs: number
}
