import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Cursor } from './cursor.ts'

/** Checks what invoices need: files that are there, rates that can be, steps that are taken, secrets that are none in the file. */
export function checkBilling(file: Cursor, folder: string): void {
  const billing = file.field('billing')
  const issuer = billing.field('issuer')
  for (const name of ['logo', 'font'] as const) checkFile(issuer.field(name), folder)
  checkRates(billing.field('tax').field('rates').items(), chargeIdsOf(file))
  checkDunning(billing.field('dunning').items())
  const secret = file.field('mail').field('smtp').field('secret').field('value')
  if (secret.text !== undefined && !secret.isVariable) {
    secret.refuse(
      `must come from the environment, as \${SMTP_PASSWORD}: what stands here, every reader of the file knows`,
    )
  }
}

function checkFile(file: Cursor, folder: string): void {
  if (!file.text || existsSync(resolve(folder, file.text))) return
  file.refuse(`${file.text} does not exist (paths are relative to the folder of this file)`)
}

function checkRates(rates: readonly Cursor[], chargeIds: ReadonlySet<string>): void {
  const seen = new Set<string>()
  for (const rate of rates) {
    const { text: id } = rate.field('id')
    if (id !== undefined && seen.has(id)) rate.field('id').refuse(`another rate is called ${id}`)
    if (id !== undefined) seen.add(id)
    const percent = rate.field('rate')
    if (percent.text !== undefined && Number(percent.text) > 100)
      percent.refuse(`must be a percentage from 0 to 100, is ${JSON.stringify(percent.text)}`)
    for (const charge of rate.field('charges').items()) {
      if (charge.text !== undefined && !chargeIds.has(charge.text))
        charge.refuse(`no plan has a charge called ${charge.text}`)
    }
  }
}

/** Steps are taken in the order of their days, each once, and none after an invoice was given up. */
function checkDunning(steps: readonly Cursor[]): void {
  const inOrder = steps
    .flatMap((step, index) => {
      const [days, action] = [step.field('after_days').value, step.field('do').text]
      return typeof days === 'number' && action !== undefined ? [{ step, index, days, action }] : []
    })
    .toSorted((one, other) => one.days - other.days)
  const seen = new Map<string, number>()
  let end: (typeof inOrder)[number] | undefined
  for (const each of inOrder) {
    const { step, index, days, action } = each
    const name = `${action} after ${daysText(days)}`
    const same = seen.get(name)
    if (same !== undefined)
      step.refuse(`${name} is never done: billing.dunning[${same}] is the same step; leave one of them out`)
    else if (end !== undefined)
      step.refuse(
        `${name} is never done: billing.dunning[${end.index}] gives the invoice up after ${daysText(end.days)}; put this step before it, or leave it out`,
      )
    seen.set(name, same ?? index)
    if (action === 'uncollectible') end ??= each
  }
}

function daysText(days: number): string {
  return days === 1 ? '1 day' : `${days} days`
}

function chargeIdsOf(file: Cursor): ReadonlySet<string> {
  const plans = file.field('plans').items()
  const charges = plans.flatMap((plan) => plan.field('charges').items())
  return new Set(charges.flatMap((charge) => charge.field('id').text ?? []))
}
