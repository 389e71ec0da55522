import { isLater, type Mark } from '../model/mark.ts'

/** Knows which level of each meter held for a tenant at a moment. */
export class LevelsHeld {
  /** Tenant → meter → levels. */
  readonly #levels = new Map<string, Map<string, KeyLevel[]>>()

  take(tenantId: string, keyId: string, marks: readonly Mark[]): void {
    if (marks.length === 0) return
    const meters = this.#levels.get(tenantId) ?? new Map<string, KeyLevel[]>()
    this.#levels.set(tenantId, meters)
    for (const mark of marks) {
      const levels = meters.get(mark.meterId) ?? []
      meters.set(mark.meterId, levels)
      levels.push({ keyId, mark })
    }
  }

  /** The last one of each meter before `atMs`. */
  at(tenantId: string, atMs: number): readonly KeyLevel[] {
    const held: KeyLevel[] = []
    for (const levels of this.#levels.get(tenantId)?.values() ?? []) {
      let last: KeyLevel | undefined
      for (const level of levels) {
        if (level.mark.atMs >= atMs) continue
        if (last === undefined || isLater(level.mark, last.mark)) last = level
      }
      if (last !== undefined) held.push(last)
    }
    return held
  }
}

export interface KeyLevel {
  readonly keyId: string
  readonly mark: Mark
}
