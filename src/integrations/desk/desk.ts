import { Worker } from 'node:worker_threads'
import { threadUrl } from '../../lib/bundle.ts'
import type { Log } from '../../telemetry/log.ts'
import { QuietFailures } from '../../telemetry/quiet-failures.ts'
import type { DeskCommand, DeskData, DeskMessage } from './desk-messages.ts'
import type { DeskConfig, DeskReport } from './desk-round.ts'

/** How long a round that is under way may take to end. */
const STOP_MS = 5_000

/**
 * The billing desk, as the main thread sees it: invoices, reminders and mail, unasked.
 *
 * Its thread runs while there is work, which is a few minutes a month; it ends by itself.
 */
export class Desk {
  readonly #parts: DeskParts
  readonly #clockOffsetMs: number
  readonly #failures: QuietFailures
  #config: DeskConfig
  #running: RunningDesk | undefined
  #ending = false

  constructor({ config, clockOffsetMs }: DeskData, parts: DeskParts) {
    this.#parts = parts
    this.#failures = new QuietFailures(parts.log)
    this.#clockOffsetMs = clockOffsetMs
    this.#config = config
  }

  /** There is work: starts the thread, if it does not run. What it did, and what failed, stands in the log. */
  ensure(): void {
    if (this.#running !== undefined || this.#ending) return
    const { log, onDeath } = this.#parts
    const data: DeskData = { config: this.#config, clockOffsetMs: this.#clockOffsetMs }
    const worker = new Worker(threadUrl('desk-thread'), { workerData: data, name: 'desk' })
    const ended = Promise.withResolvers<void>()
    this.#running = { worker, ended: ended.promise }
    let isDone = false
    worker.on('message', (message: DeskMessage) => {
      if (message.kind === 'failed')
        this.#failures.error(message.error, 'the billing desk failed, will retry')
      else if (message.kind === 'stopped') isDone = true
      else tell(log, this.#failures, message.report)
    })
    worker.on('error', onDeath)
    worker.on('exit', (code) => {
      this.#running = undefined
      ended.resolve()
      if (!isDone && !this.#ending) onDeath(new Error(`the billing desk ended with code ${code}`))
    })
  }

  /** The file was read again. */
  replaceConfig(config: DeskConfig): void {
    this.#config = deskConfig(config)
    this.#send({ kind: 'config', config: this.#config })
  }

  /** Ends after the round that is under way; one that takes too long is broken off, which loses nothing. */
  async stop(): Promise<void> {
    this.#ending = true
    const running = this.#running
    if (running === undefined) return
    this.#send({ kind: 'stop' })
    const late = setTimeout(() => void running.worker.terminate(), STOP_MS)
    await running.ended
    clearTimeout(late)
  }

  #send(command: DeskCommand): void {
    this.#running?.worker.postMessage(command)
  }
}

interface RunningDesk {
  readonly worker: Worker
  readonly ended: Promise<void>
}

export interface DeskParts {
  readonly log: Log
  readonly onDeath: (error: unknown) => void
}

/** The part of the configuration that the desk goes by. */
export function deskConfig(config: DeskConfig): DeskConfig {
  const { stores, billing, invoicing, mail, meters, control, portal } = config
  return { stores, billing, invoicing, mail, meters, control, portal }
}

function tell(log: Log, failures: QuietFailures, { made, acts, mails, caps }: DeskReport): void {
  for (const { from, to, invoices, problems } of made) {
    log.info({ from, to, invoices }, 'invoices were made')
    for (const { tenantId, why } of problems)
      failures.error({ tenant: tenantId, why }, 'no invoice could be made')
  }
  for (const { tenantId, isCapped, cap, spent } of caps) {
    log.info(
      { tenant: tenantId, cap, spent },
      isCapped ? 'a tenant may spend no more' : 'a tenant may spend again',
    )
  }
  for (const { invoice, tenantId, action } of acts) {
    log.info({ invoice, tenant: tenantId, action }, 'an invoice was not paid in time')
  }
  if (mails > 0) log.info({ mails }, 'mail was sent')
}
