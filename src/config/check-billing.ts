import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Cursor } from './cursor.ts'

/** Checks what invoices need: files that are there, rates that can be, secrets that are none in the file. */
export function checkBilling(file: Cursor, folder: string): void {
  const billing = file.field('billing')
  const issuer = billing.field('issuer')
  for (const name of ['logo', 'font'] as const) checkFile(issuer.field(name), folder)
  checkRates(billing.field('tax').field('rates').items(), chargeIdsOf(file))
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

function chargeIdsOf(file: Cursor): ReadonlySet<string> {
  const plans = file.field('plans').items()
  const charges = plans.flatMap((plan) => plan.field('charges').items())
  return new Set(charges.flatMap((charge) => charge.field('id').text ?? []))
}
