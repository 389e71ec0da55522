import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { assert } from '../lib/assert.ts'
import { shiftedClock } from '../lib/clock.ts'
import { failPoint } from '../lib/fail-point.ts'
import type { MeterAnswer, MeterBatch, MeterCommand, MeterReport, MeterThreadData } from './meter-messages.ts'
import type { SpoolBatch } from './spool.ts'
import { SpoolChain } from './spool-chain.ts'
import { SpoolGauge } from './spool-gauge.ts'

/** How long the disk has to recover before a failed commit is tried again. */
const RETRY_MS = 100
/** From a commit to the word that there is something to ship. */
const REPORT_MS = 50

/**
 * The thread that makes events durable.
 *
 * Batches that arrive while one commit is on its way go together into the next: the busier, the
 * larger the group, without any timer. A batch is acknowledged only after its commit. When the disk
 * refuses, the batches stay, gateways are told to answer 503, and the commit is tried again.
 */
class MeterThread {
  readonly #report: (report: MeterReport) => void
  readonly #spool: SpoolChain
  readonly #gauge: SpoolGauge
  #waiting: Waiting[] = []
  readonly #ports: MessagePort[] = []
  #scheduled = false
  #down = false
  #stopping = false
  #reportTimer: NodeJS.Timeout | undefined

  constructor(data: MeterThreadData, report: (report: MeterReport) => void) {
    this.#report = report
    this.#spool = new SpoolChain({
      path: data.spoolPath,
      durability: data.durability,
      epoch: data.epoch,
      clock: shiftedClock(data.clockOffsetMs ?? 0),
      onNewFile: (path, fault) => report({ kind: 'new-file', path, reason: reasonOf(fault) }),
    })
    this.#gauge = new SpoolGauge({
      bytesMax: data.spoolBytesMax,
      usedBytes: () => this.#spool.usedBytes(),
      onFilling: (bytes) => report({ kind: 'filling', bytes }),
    })
  }

  handle(command: MeterCommand): void {
    if (command.kind === 'connect') this.#connect(command.port)
    else if (command.kind === 'shipped') {
      this.#spool.shipped(command.through)
      if (this.#down) this.#schedule()
    } else {
      this.#stopping = true
      this.#schedule()
    }
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
    if (group.length > 0 || this.#down) {
      failPoint('before-commit')
      try {
        // Room first: a spool that is full takes nothing in until what was shipped is out.
        if (this.#down) this.#spool.append([])
        this.#gauge.take(
          group.map((entry) => entry.batch),
          this.#down,
        )
        this.#spool.append(group.map((entry) => entry.batch))
      } catch (error) {
        this.#failed(error)
        return
      }
      failPoint('after-commit')
      this.#waiting = []
      this.#acknowledge(group)
      this.#spool.tidyUp()
    }
    if (this.#stopping) this.#stop()
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

  /** What waits goes on waiting, also when the thread was asked to end: it does not end with events in memory. */
  #failed(error: unknown): void {
    if (!this.#down) {
      this.#down = true
      for (const port of this.#ports) answer(port, { kind: 'down' })
      this.#report({ kind: 'down', reason: reasonOf(error) })
    }
    if (this.#scheduled) return
    this.#scheduled = true
    setTimeout(this.#commit, RETRY_MS)
  }

  #stop(): void {
    clearTimeout(this.#reportTimer)
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

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  // SQLite says `disk I/O error` of everything; its code says which.
  return 'code' in error ? `${error.message} (${String(error.code)})` : error.message
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
