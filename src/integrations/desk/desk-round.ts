import { type DunningAct, dun } from '../../billing/dunning.ts'
import { billableRule } from '../../billing/invoice/billable-rule.ts'
import { duePeriods } from '../../billing/invoice/due-periods.ts'
import { type BillingProblem, runInvoices } from '../../billing/invoice/run-invoices.ts'
import { untilShipped } from '../../billing/invoice/shipped.ts'
import { type CapAct, holdSpendCaps } from '../../billing/spend-caps.ts'
import type { Config } from '../../config/config.ts'
import { GatezError } from '../../errors/gatez-error.ts'
import type { Clock } from '../../lib/clock.ts'
import { isoTime } from '../../lib/iso-time.ts'
import type { ControlStore } from '../../storage/ports/control-store.ts'
import { sendMemberMail } from '../mail/member-mail.ts'
import { sendMail } from '../mail/send-mail.ts'

/**
 * One round of the billing desk: makes the invoices of periods that are over, goes after those not paid in time, sends
 * the mail that waits. What was done before is not done again, so a round can begin at any time and be broken off.
 */
export async function deskRound(parts: DeskParts): Promise<DeskReport> {
  const { store, clock, config } = parts
  const made = config.invoicing.run === 'manual' ? [] : await makeDue(parts)
  const watchesCaps = parts.isCapping && (await store.tenants.hasSpendCaps())
  const caps = watchesCaps ? await holdSpendCaps({ store, clock, billing: config.billing }) : []
  const acts = parts.isDunning ? await dun({ store, clock, steps: config.invoicing.dunning }) : []
  const member = { mail: config.mail, portalUrl: portalUrl(config), name: config.portal.brand.name }
  const invited = await sendMemberMail({ store, clock, rules: member })
  const mails = await sendMail({ store, clock, rules: { mail: config.mail, look: config.invoicing } })
  return { made, acts, mails: mails + invited, caps, watchesCaps }
}

export interface DeskParts {
  readonly store: ControlStore
  readonly clock: Clock
  readonly config: DeskConfig
  /** Whether to go after invoices not paid in time: days are counted, so now and then is enough. */
  readonly isDunning: boolean
  /** Whether to look at what tenants may spend: reads their usage, so every few seconds is enough. */
  readonly isCapping: boolean
}

/** What the desk goes by. */
export type DeskConfig = Pick<
  Config,
  'stores' | 'billing' | 'invoicing' | 'mail' | 'meters' | 'control' | 'portal'
>

/** What a round did. */
export interface DeskReport {
  readonly made: readonly MadeReport[]
  readonly acts: readonly DunningAct[]
  readonly mails: number
  readonly caps: readonly CapAct[]
  /** Whether there are caps, and it was time to look at them. */
  readonly watchesCaps: boolean
}

export interface MadeReport {
  readonly from: string
  readonly to: string
  readonly invoices: number
  readonly problems: readonly BillingProblem[]
}

/** Where members reach the portal: as the file says, else where it listens. */
function portalUrl({ control, portal }: DeskConfig): string {
  if (portal.url !== null) return portal.url.replace(/\/$/, '')
  const { listen, tls } = portal.listen === null ? control : { listen: portal.listen, tls: portal.tls }
  const host = listen.host === '0.0.0.0' || listen.host === '::' ? 'localhost' : listen.host
  return `${tls === null ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${listen.port}`
}

async function makeDue({ store, clock, config }: DeskParts): Promise<readonly MadeReport[]> {
  const { billing, invoicing, meters } = config
  const { closeAfterMs } = invoicing
  const due = await duePeriods(store, { billing, closeAfterMs, nowMs: clock.nowMs() })
  const made: MadeReport[] = []
  const parts = { store, clock, billing, invoicing, billable: billableRule(meters) }
  for (const period of due) {
    await untilShipped(store, config, { closedMs: period.endMs + closeAfterMs, nowMs: clock.nowMs() })
    const review = invoicing.run === 'review'
    const run = await runUnlessTaken(() => runInvoices(parts, { period, review, actor: 'gatez' }))
    if (run === undefined) break
    const { problems } = run
    const [from, to] = [isoTime(period.startMs), isoTime(period.endMs)]
    made.push({ from, to, invoices: run.made.length, problems })
  }
  return made
}

/** Another process that makes invoices does what we would do. */
async function runUnlessTaken<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof GatezError && error.code === 'invoices-running') return undefined
    throw error
  }
}
