import { Worker } from 'node:worker_threads'
import { threadUrl } from '../../lib/bundle.ts'
import type { Log } from '../../telemetry/log.ts'
import { QuietFailures } from '../../telemetry/quiet-failures.ts'
import type { DeskCommand, DeskData, DeskMessage } from './desk-messages.ts'
import type { DeskConfig, DeskReport } from './desk-round.ts'

/** How long a round that is under way may take to end. */
const STOP_MS = 5_000

/** The billing desk, as the main thread sees it: invoices, reminders and mail, unasked. */
export class Desk {
  readonly #worker: Worker
  readonly #stopped = Promise.withResolvers<void>()
  #ending = false

  private constructor(worker: Worker) {
    this.#worker = worker
  }

  /** Starts the thread. What it did, and what failed, stands in the log. */
  static start(data: DeskData, { log, onDeath }: DeskParts): Desk {
    const worker = new Worker(threadUrl('desk-thread'), { workerData: data, name: 'desk' })
    const desk = new Desk(worker)
    const failures = new QuietFailures(log)
    worker.on('message', (message: DeskMessage) => {
      if (message.kind === 'failed') failures.error(message.error, 'the billing desk failed, will retry')
      else if (message.kind === 'stopped') desk.#stopped.resolve()
      else tell(log, failures, message.report)
    })
    worker.on('error', (error) => {
      desk.#stopped.resolve()
      onDeath(error)
    })
    worker.on('exit', (code) => {
      desk.#stopped.resolve()
      if (!desk.#ending) onDeath(new Error(`the billing desk ended with code ${code}`))
    })
    return desk
  }

  /** The file was read again. */
  replaceConfig(config: DeskConfig): void {
    this.#send({ kind: 'config', config: deskConfig(config) })
  }

  /** Ends after the round that is under way; one that takes too long is broken off, which loses nothing. */
  async stop(): Promise<void> {
    this.#ending = true
    this.#send({ kind: 'stop' })
    const late = setTimeout(() => this.#stopped.resolve(), STOP_MS)
    await this.#stopped.promise
    clearTimeout(late)
    await this.#worker.terminate()
  }

  #send(command: DeskCommand): void {
    this.#worker.postMessage(command)
  }
}

export interface DeskParts {
  readonly log: Log
  readonly onDeath: (error: unknown) => void
}

/** The part of the configuration that the desk goes by. */
export function deskConfig({ stores, billing, invoicing, mail, meters }: DeskConfig): DeskConfig {
  return { stores, billing, invoicing, mail, meters }
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
