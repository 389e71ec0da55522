import { readdirSync, readFileSync } from 'node:fs'
import { Temporal } from 'temporal-polyfill'
import { expect, onTestFinished, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { billableRule } from '../../src/billing/invoice/billable-rule.ts'
import { viewInvoice } from '../../src/billing/invoice/invoice-view.ts'
import { runInvoices } from '../../src/billing/invoice/run-invoices.ts'
import { invoiceCsv } from '../../src/billing/render/invoice-csv.ts'
import { invoiceText } from '../../src/cli/invoice-text.ts'
import { renderTable } from '../../src/cli/table.ts'
import type { Config } from '../../src/config/config.ts'
import { parseConfig } from '../../src/config/load-config.ts'
import { ManualClock } from '../../src/lib/clock.ts'
import type { Invoice } from '../../src/model/invoice.ts'
import { openSqlControlStore } from '../../src/storage/sql/control-store.ts'
import { sqliteEngine } from '../../src/storage/sql/sqlite-engine.ts'
import { openSqliteFile } from '../../src/storage/sql/sqlite-file.ts'
import { SMALL_CONFIG } from '../support/config-text.ts'
import { subscription, tenant } from '../support/control-store.ts'
import { rollup } from '../support/rollups.ts'

/** A month: plans and usage as they are written down, to be read beside what comes of them. */
interface GoldenMonth {
  readonly month: string
  readonly billing: object
  /** Takes the plans of a template in place of `plans`. */
  readonly template?: string
  readonly plans?: readonly object[]
  readonly tenants: readonly {
    readonly id: string
    readonly name: string
    readonly plan: string
    readonly since?: string
    readonly usage: readonly {
      readonly day: number
      readonly hour?: number
      readonly calls: number
      readonly bytes_out?: number
      readonly key?: string
    }[]
  }[]
}

const FOLDER = new URL('./invoices/', import.meta.url)
const MONTHS = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'))

test.each(MONTHS)('%s: the invoices and their CSV are, to the byte, what they were', async (name) => {
  const golden: GoldenMonth = parse(readFileSync(new URL(name, FOLDER), 'utf8'))
  const invoices = await invoicesOf(golden, configOf(golden))
  const base = `./invoices/${name.replace(/\.yaml$/, '')}`
  await expect(invoices.map(textOf).join('\n')).toMatchFileSnapshot(`${base}.txt`)
  await expect(invoiceCsv(invoices).replaceAll('\r\n', '\n')).toMatchFileSnapshot(`${base}.csv`)
})

test('the four figures are those of the issue', async () => {
  const golden: GoldenMonth = parse(readFileSync(new URL('four-figures.yaml', FOLDER), 'utf8'))
  const amounts = (await invoicesOf(golden, configOf(golden))).flatMap(({ content }) =>
    content.lines.map(({ amount }) => amount),
  )
  expect(amounts).toEqual(['286.00', '1.20', '49.00', '0.01', '3350.00'])
})

test('the README shows the first invoice of DataForge as it is', () => {
  const read = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8')
  const [shown = ''] = read('./invoices/dataforge-march.txt').split('\n\n1: ')
  expect(read('../../README.md')).toContain(shown)
})

function configOf({ billing, template, plans }: GoldenMonth): Config {
  const place = { file: 'gatez.yaml', env: {} }
  if (template === undefined) {
    const written = plans?.map((plan) => ({ routes: 'all', ...plan }))
    const file = parse(SMALL_CONFIG)
    return parseConfig(stringify({ ...file, billing, plans: written }), place)
  }
  const path = new URL(`../../templates/${template}/gatez.yaml`, import.meta.url)
  const file = parse(readFileSync(path, 'utf8'))
  for (const api of file.apis) delete api.openapi
  return parseConfig(stringify({ ...file, billing }), place)
}

async function invoicesOf(golden: GoldenMonth, config: Config): Promise<readonly Invoice[]> {
  const { billing, invoicing, meters, plans } = config
  const first = Temporal.PlainDate.from(`${golden.month}-01`)
  const startOf = (date: Temporal.PlainDate) => date.toZonedDateTime(billing.timezone).epochMilliseconds
  const period = { startMs: startOf(first), endMs: startOf(first.add({ months: 1 })) }
  const clock = new ManualClock(period.endMs + 600_000)
  const store = await openSqlControlStore(sqliteEngine(openSqliteFile(':memory:')), clock)
  onTestFinished(() => store[Symbol.asyncDispose]())
  for (const [index, plan] of plans.entries()) await store.plans.insertVersion(plan, plan.id, index, 0)
  const rollups = []
  for (const { id, name, plan: planId, since, usage } of golden.tenants) {
    const subscriptionId = `sub_${id}`
    const startMs = startOf(
      since === undefined ? first.subtract({ months: 2 }) : Temporal.PlainDate.from(since),
    )
    await store.tenants.insert(tenant({ id, name }))
    await store.subscriptions.insert(subscription({ id: subscriptionId, tenantId: id, planId, startMs }))
    for (const { day, hour = 12, calls, bytes_out: bytesSent = 0, key = 'key_1' } of usage) {
      const bucketMs = Date.UTC(first.year, first.month - 1, day, hour, 30)
      const parts = { bucketMs, tenantId: id, subscriptionId, planId, keyId: `${id}_${key}` }
      rollups.push(rollup({ ...parts, requests: calls, bytesSent }))
    }
  }
  await store.ledger.apply(rollups, { nodeId: 'node-1', epoch: 1, afterSeq: 0, throughSeq: 1 })
  const parts = { store, clock, billing, invoicing, billable: billableRule(meters) }
  const { made } = await runInvoices(parts, { period, review: false, actor: 'gatez' })
  return made
}

function textOf(invoice: Invoice): string {
  const { head, columns, rows, foot } = invoiceText(viewInvoice(invoice, []))
  return `${[...head, renderTable(columns, rows, 80), ...foot].join('\n')}\n`
}
