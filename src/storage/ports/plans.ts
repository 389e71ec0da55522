import type { Plan, PlanVersion } from '../../model/plan.ts'

export interface PlanStore {
  /** The newest version of every plan that was not withdrawn, in the order of the file. */
  current(): Promise<readonly PlanVersion[]>
  find(planId: string, version?: number): Promise<PlanVersion | undefined>
  /** All versions of one plan, oldest first. */
  versions(planId: string): Promise<readonly PlanVersion[]>
  /** Adds the next version; `position` is the plan's place in the file. */
  insertVersion(plan: Plan, hash: string, position: number, createdAtMs: number): Promise<PlanVersion>
  /** A plan that left the file: still readable by version, no longer current. */
  withdraw(planId: string): Promise<void>
  setPosition(planId: string, position: number): Promise<void>
  /**
   * Records that a file with this hash of all its plans was applied.
   *
   * `appliedHashes` lists them, newest first: a file equal to an older one is stale (design 8).
   */
  insertApplied(fileHash: string, appliedAtMs: number): Promise<void>
  appliedHashes(): Promise<readonly string[]>
}
