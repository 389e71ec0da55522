import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { assert } from '../lib/assert.ts'
import { shiftedClock } from '../lib/clock.ts'
import type { MeterAnswer, MeterBatch, MeterCommand, MeterReport, MeterThreadData } from './meter-messages.ts'
import { Spool, type SpoolBatch } from './spool.ts'

/** How long the disk has to recover before a failed commit is tried again. */
const RETRY_MS = 100
/** From a commit to the word that there is something to ship. */
const REPORT_MS = 50
/** Events between two looks at the size of the spool. */
const SIZE_CHECK_EVENTS = 10_000

/**
 * The thread that makes events durable.
 *
 * Batches that arrive while one commit is on its way go together into the next: the busier, the
 * larger the group, without any timer. A batch is acknowledged only after its commit. When the disk
 * refuses, the batches stay, gateways are told to answer 503, and the commit is tried again.
 */
class MeterThread {
  readonly #data: MeterThreadData
  readonly #report: (report: MeterReport) => void
  readonly #spool: Spool
  #waiting: Waiting[] = []
  readonly #ports: MessagePort[] = []
  #scheduled = false
  #down = false
  #shippedThrough = 0
  #removedThrough = 0
  #eventsSinceCheck = 0
  #reportTimer: NodeJS.Timeout | undefined

  constructor(data: MeterThreadData, report: (report: MeterReport) => void) {
    this.#data = data
    this.#report = report
    this.#spool = new Spool({
      path: data.spoolPath,
      durability: data.durability,
      epoch: data.epoch,
      clock: shiftedClock(data.clockOffsetMs ?? 0),
    })
  }

  handle(command: MeterCommand): void {
    if (command.kind === 'connect') this.#connect(command.port)
    else if (command.kind === 'shipped') {
      this.#shippedThrough = command.throughBatchId
      if (this.#down) this.#schedule()
    } else this.#stop()
  }

  #connect(port: MessagePort): void {
    const thread = this.#ports.push(port) - 1
    port.on('message', (batch: MeterBatch) => {
      this.#waiting.push({ port, batch: { ...batch, thread } })
      this.#schedule()
    })
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(this.#commit)
  }

  readonly #commit = (): void => {
    this.#scheduled = false
    const group = this.#waiting
    if (group.length === 0 && !this.#down) return
    try {
      // Room first: a spool that is full takes nothing in until what was shipped is out.
      if (this.#down) this.#append([])
      this.#checkSize(group)
      this.#append(group.map((entry) => entry.batch))
    } catch (error) {
      this.#failed(error)
      return
    }
    this.#waiting = []
    this.#acknowledge(group)
  }

  /** Appends batches and removes, with the same commit, what was shipped. */
  #append(batches: readonly SpoolBatch[]): void {
    const shipped = this.#shippedThrough > this.#removedThrough ? this.#shippedThrough : 0
    this.#spool.append(batches, shipped)
    if (shipped > 0) this.#removedThrough = shipped
  }

  #acknowledge(group: readonly Waiting[]): void {
    const last = new Map<MessagePort, number>()
    for (const { port, batch } of group) last.set(port, batch.batch)
    for (const [port, throughBatch] of last) answer(port, { kind: 'durable', throughBatch })
    this.#reportCommitted()
    if (!this.#down) return
    this.#down = false
    for (const port of this.#ports) answer(port, { kind: 'up' })
    this.#report({ kind: 'up' })
  }

  /** The main thread learns of commits now and then: waking it for each would cost more than shipping. */
  #reportCommitted(): void {
    this.#reportTimer ??= setTimeout(() => {
      this.#reportTimer = undefined
      this.#report({ kind: 'committed' })
    }, REPORT_MS)
  }

  #failed(error: unknown): void {
    if (!this.#down) {
      this.#down = true
      for (const port of this.#ports) answer(port, { kind: 'down' })
      this.#report({ kind: 'down', reason: error instanceof Error ? error.message : 'unknown' })
    }
    if (this.#scheduled) return
    this.#scheduled = true
    setTimeout(this.#commit, RETRY_MS)
  }

  #checkSize(group: readonly Waiting[]): void {
    for (const { batch } of group) this.#eventsSinceCheck += batch.count
    if (this.#eventsSinceCheck < SIZE_CHECK_EVENTS && !this.#down) return
    this.#eventsSinceCheck = 0
    const used = this.#spool.usedBytes()
    if (used > this.#data.spoolBytesMax) {
      throw new Error(`the spool holds ${used} bytes, more than its bound of ${this.#data.spoolBytesMax}`)
    }
  }

  #stop(): void {
    clearTimeout(this.#reportTimer)
    this.#commit()
    for (const port of this.#ports) port.close()
    this.#spool.close()
    this.#report({ kind: 'stopped' })
  }
}

/** A batch that is not durable yet, and who waits for it. */
interface Waiting {
  readonly port: MessagePort
  readonly batch: MeterBatch & SpoolBatch
}

function answer(port: MessagePort, message: MeterAnswer): void {
  port.postMessage(message)
}

const parent = parentPort
assert(parent !== null, 'the meter thread is started as a worker')
const report = (message: MeterReport): void => parent.postMessage(message)
const thread = new MeterThread(workerData, report)
parent.on('message', (command: MeterCommand) => thread.handle(command))
report({ kind: 'ready' })
