import type { MessagePort } from 'node:worker_threads'
import type { Clock } from '../lib/clock.ts'
import { failPoint } from '../lib/fail-point.ts'
import type { EventFields } from '../metering/event.ts'
import { EventLines } from '../metering/event-lines.ts'
import type { MeterAnswer, MeterBatch } from '../metering/meter-messages.ts'
import type { Traffic } from '../telemetry/traffic.ts'

/** What waits for its event to be durable: the end of an answer. */
export interface Held {
  /** The event is durable: the end may leave. */
  release(): void
}

/** Events that may wait for the disk, per thread; beyond it requests are refused. */
const WAITING_MAX = 100_000

/**
 * Stage 6, on a gateway thread: hands events to the meter thread, one batch a tick, and lets go of
 * the ends of answers once their batch is durable.
 */
export class MeterClient {
  readonly #port: MessagePort
  readonly #holdEnds: boolean
  readonly #tally: MeterTally | undefined
  readonly #lines = new EventLines()
  #count = 0
  #held: Held[] = []
  /** Calls whose last event is among these, and those of them whose end waits. */
  #calls = 0
  #heldCalls = 0
  #batch = 0
  #scheduled = false
  #waiting = 0
  #down = false
  #idle: (() => void) | undefined
  /** The batch on its way, if any. */
  #sent: SentBatch | undefined

  /** `holdEnds` is true but for the build that shows the crash test would notice. */
  constructor(port: MessagePort, holdEnds: boolean, tally?: MeterTally) {
    this.#port = port
    this.#holdEnds = holdEnds
    this.#tally = tally
    port.on('message', (answer: MeterAnswer) => this.#answered(answer))
  }

  /** Whether events can be made durable now; if not, requests must be refused. */
  get available(): boolean {
    return !this.#down && this.#waiting < WAITING_MAX
  }

  /** Hands over one event. `held` is released once it is durable; refusals pass none. */
  record(event: EventFields, held: Held | undefined): void {
    this.#lines.add(event)
    this.#count += 1
    this.#waiting += 1
    if (held !== undefined) {
      if (this.#holdEnds) this.#held.push(held)
      else this.#letGo(held)
    }
    this.#schedule()
  }

  /** The same for the event that ends a call: counted once its answer is over, and once it is durable. */
  recordEnd(event: EventFields, held: Held | undefined): void {
    this.#calls += 1
    if (held !== undefined && this.#holdEnds) this.#heldCalls += 1
    else this.#tally?.traffic.completed(1)
    this.record(event, held)
  }

  /** Resolves once every event handed over is durable. */
  async drained(): Promise<void> {
    if (this.#waiting === 0) return
    await new Promise<void>((resolve) => {
      this.#idle = resolve
    })
  }

  /** One batch is on its way at a time: what ends meanwhile goes together in the next. */
  #schedule(): void {
    if (this.#scheduled || this.#sent !== undefined) return
    this.#scheduled = true
    setImmediate(this.#flush)
  }

  readonly #flush = (): void => {
    this.#scheduled = false
    this.#batch += 1
    const batch: MeterBatch = { batch: this.#batch, lines: this.#lines.take(), count: this.#count }
    this.#sent = {
      held: this.#held,
      count: this.#count,
      calls: this.#calls,
      heldCalls: this.#heldCalls,
      sentMs: this.#tally?.clock.monotonicMs() ?? 0,
    }
    this.#port.postMessage(batch, [batch.lines.buffer])
    this.#count = 0
    this.#held = []
    this.#calls = 0
    this.#heldCalls = 0
  }

  #answered(answer: MeterAnswer): void {
    if (answer.kind === 'durable') {
      this.#release(answer.throughBatch)
      return
    }
    this.#down = answer.kind === 'down'
    this.#tally?.traffic.meteringUp(!this.#down)
  }

  #release(throughBatch: number): void {
    const sent = this.#sent
    if (sent !== undefined && this.#batch <= throughBatch) {
      this.#sent = undefined
      this.#waiting -= sent.count
      this.#tell(sent)
      for (const held of sent.held) this.#letGo(held)
    }
    if (this.#count > 0) this.#schedule()
    if (this.#waiting === 0) this.#idle?.()
  }

  #tell({ count, calls, heldCalls, sentMs }: SentBatch): void {
    if (this.#tally === undefined) return
    const { traffic, clock } = this.#tally
    traffic.durable(count, calls, clock.monotonicMs() - sentMs)
    traffic.completed(heldCalls)
  }

  #letGo(held: Held): void {
    held.release()
    failPoint('after-last-byte')
  }
}

/** Where it is counted what became durable. */
export interface MeterTally {
  readonly traffic: Traffic
  readonly clock: Clock
}

/** A batch on its way to the disk. */
interface SentBatch {
  readonly held: readonly Held[]
  readonly count: number
  readonly calls: number
  readonly heldCalls: number
  readonly sentMs: number
}
