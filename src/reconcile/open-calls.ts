import { isPart } from '../metering/whole-calls.ts'
import type { UsageEvent } from '../model/event.ts'
import type { Positions } from './positions.ts'
import { runName } from './recount.ts'

/** Calls that are metered in parts and whose last part was not seen yet: as many as there are at a time. */
export class OpenCalls {
  /** The first part of each. */
  readonly #calls = new Map<string, UsageEvent>()

  /** In the order of time. */
  add(event: UsageEvent): void {
    if (!isPart(event)) return
    const name = nameOf(event)
    if (event.outcome !== 'open') this.#calls.delete(name)
    else if (!this.#calls.has(name)) this.#calls.set(name, event)
  }

  /** Those that never ended: gatez was killed meanwhile. One of a run that goes on may end yet. */
  async brokenOff({ raw, marks }: Positions, afterMs: number): Promise<readonly UsageEvent[]> {
    if (this.#calls.size === 0) return []
    for await (const events of raw.between(afterMs, Number.MAX_SAFE_INTEGER)) {
      for (const event of events) {
        if (isPart(event) && event.outcome !== 'open') this.#calls.delete(nameOf(event))
      }
      if (this.#calls.size === 0) break
    }
    const runs = [...marks.keys()]
    const isOver = ({ nodeId, epoch }: UsageEvent): boolean => {
      return runs.some((run) => {
        const [node, other] = run.split('\n')
        return node === nodeId && Number(other) > epoch
      })
    }
    return [...this.#calls.values()].filter(isOver)
  }
}

function nameOf(event: UsageEvent): string {
  return `${runName(event)}\n${event.requestId}\n${event.keyId}\n${event.endpoint}`
}
