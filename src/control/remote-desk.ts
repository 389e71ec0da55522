import type { TakenMeterEvents } from '../billing/export/export-meter-events.ts'
import type { MeterEvent, TooOldUsage } from '../billing/export/meter-events.ts'
import type { InvoiceRowView } from '../billing/invoice/invoice-view.ts'
import type { RemoteControl } from '../config/environment.ts'
import { GatezError } from '../errors/gatez-error.ts'
import { ControlClient } from './client.ts'
import type { AskedAccounting, AskedList, AskedMeterEvents, DeskCases, InvoicesForm } from './desk-cases.ts'
import { visitLines } from './read-lines.ts'

/** What is done at the billing desk, done by a control API. */
export function remoteDesk(remote: RemoteControl): DeskCases & AsyncDisposable {
  const client = new ControlClient(remote)
  return {
    ...remoteMailbox(remote),
    runInvoices: ({ month, on, tenant, review }) =>
      client.raw('runInvoices', { month, on, tenant, review }, { signal: AbortSignal.timeout(RUN_MS) }),
    previewInvoice: (tenant) => client.call('previewInvoice', { tenant }),
    listInvoices: (asked) => client.all('listInvoices', listInput(asked)),
    showInvoice: (invoice) => client.call('showInvoice', { invoice }),
    writeInvoice: async (invoice, { format, to }) => {
      if (to === null) return
      const { writeBytes } = await import('../billing/export/export-invoices.ts')
      await writeBytes(to, await fileOf(client, invoice, format))
    },
    exportInvoices: (asked, how) => exportFrom(client, asked, how),
    payInvoice: ({ invoice, amount, reference }) => client.call('payInvoice', { invoice, amount, reference }),
    creditInvoice: ({ invoice, amount, reason }) => client.call('creditInvoice', { invoice, amount, reason }),
    voidInvoice: ({ invoice, reason }) => client.call('voidInvoice', { invoice, reason }),
    sendInvoice: (invoice) => client.call('sendInvoice', { invoice }),
    revenue: ({ tenant }) => client.call('revenue', { tenant }),
    dunning: async ({ tenant }) => ({ rows: await client.all('listDunning', { tenant }) }),
    accountingFiles: (asked) => client.call('accountingFiles', accountingInput(asked)),
    takeMeterEvents: (asked) => takeFrom(client, asked),
    markMeterEvents: async ({ batch }) => {
      await client.call('markMeterEvents', { batch })
    },
  }
}

function accountingInput({ month, from, to, tenant, state, format, all }: AskedAccounting) {
  return { month, from, to, tenant, state, format, all: all ? ('true' as const) : ('false' as const) }
}

/** The first line says how events are called, each after it is one, or an hour that is too old to be one. */
async function takeFrom(
  client: ControlClient,
  { month, from, to, tenant, meters, again, eventNames, batch }: AskedMeterEvents,
): Promise<TakenMeterEvents> {
  const asked = { month, from, to, tenant, meters, again, event_names: [...eventNames], batch }
  const events: MeterEvent[] = []
  const tooOld: TooOldUsage[] = []
  let head: EventsHead | undefined
  await visitLines<MeterEvent & EventsHead & { readonly tooOld?: TooOldUsage }>(
    await client.stream('takeMeterEvents', asked),
    async (line) => {
      if (head === undefined) head = line
      else if (line.tooOld !== undefined) tooOld.push(line.tooOld)
      else events.push(line)
    },
  )
  if (head !== undefined) return { ...head, events, tooOld }
  throw new GatezError('control-unreachable', 'The answer broke off before its first line.')
}

type EventsHead = Omit<TakenMeterEvents, 'events' | 'tooOld'>

/** The outbox folder of a control API. */
export function remoteMailbox(
  remote: RemoteControl,
): Pick<DeskCases, 'listMail' | 'showMail'> & AsyncDisposable {
  const client = new ControlClient(remote)
  return {
    listMail: async () => {
      const mails = await client.all('listMail', {})
      const { waiting } = await client.call('listMail', { limit: '1' })
      return { mails, waiting }
    },
    showMail: (mail) => client.call('showMail', { mail }),
    [Symbol.asyncDispose]: async () => {},
  }
}

/** Invoices of many tenants take their time. */
const RUN_MS = 3_600_000

function listInput({ tenant, month, state }: AskedList): AskedList {
  return { tenant, month, state }
}

async function exportFrom(
  client: ControlClient,
  asked: AskedList,
  { format, to }: InvoicesForm,
): Promise<readonly InvoiceRowView[]> {
  const rows = await client.all('listInvoices', listInput(asked))
  if (to === null) return rows
  const { writeAccounting, writeBytes, writeFolder } = await import('../billing/export/export-invoices.ts')
  if (format === 'pdf' || format === 'html') {
    await writeFolder(to, format, rows, ({ id }) => fileOf(client, id, format))
    return rows
  }
  if (format === 'quickbooks' || format === 'xero') {
    const { files } = await client.call('accountingFiles', accountingInput({ ...asked, format, all: true }))
    await writeAccounting(files, { format, to })
    return rows
  }
  const response = await client.stream('exportInvoices', { ...listInput(asked), format })
  await writeBytes(to, Buffer.from(await response.arrayBuffer()))
  return rows
}

async function fileOf(client: ControlClient, invoice: string, format: string): Promise<Buffer> {
  const response = await client.stream('downloadInvoice', { invoice, format })
  return Buffer.from(await response.arrayBuffer())
}
