import { resolve } from 'node:path'
import type { Issuer, TaxMode } from '../model/invoice.ts'
import type { File } from './schema.ts'

/** How invoices are made. */
export interface InvoiceConfig {
  /** `auto` issues them when a period has ended, `review` leaves drafts, `manual` waits to be asked. */
  readonly run: 'auto' | 'review' | 'manual'
  /** How long after its end a period is closed: calls that began in it have ended by then. */
  readonly closeAfterMs: number
  readonly issuer: Issuer | null
  /** Absolute paths. */
  readonly logo: string | null
  readonly font: string | null
  readonly tax: TaxRules | null
  readonly terms: { readonly days: number; readonly text: string | null }
  readonly dunning: readonly DunningStep[]
}

export interface TaxRules {
  readonly mode: TaxMode
  readonly rates: readonly TaxRate[]
}

export interface TaxRate {
  readonly id: string
  readonly name: string
  /** In percent, a decimal string. */
  readonly rate: string
  /** Ids of the charges it is on; null = on all. */
  readonly charges: readonly string[] | null
}

/** What happens so long after an invoice was due. */
export interface DunningStep {
  readonly afterDays: number
  readonly action: 'remind' | 'suspend' | 'uncollectible'
}

/** Where mail goes. */
export interface MailConfig {
  readonly from: string
  /** Absolute path: mail is put there when there is no server. */
  readonly folder: string
  readonly smtp: SmtpConfig | null
}

export interface SmtpConfig {
  readonly host: string
  readonly port: number
  readonly tls: 'always' | 'starttls' | 'off'
  readonly user: string | null
  readonly password: string | null
}

/** The invoice part of `billing`, with its defaults named. */
export function toInvoiceConfig(billing: File['billing'], folder: string): InvoiceConfig {
  const { issuer, tax, terms } = billing
  return {
    run: billing.invoices,
    closeAfterMs: billing.close_after,
    issuer:
      issuer === undefined
        ? null
        : {
            name: issuer.name,
            address: issuer.address,
            taxId: issuer.tax_id ?? null,
            email: issuer.email ?? null,
            website: issuer.website ?? null,
            payment: issuer.payment,
            note: issuer.note ?? null,
          },
    logo: issuer?.logo === undefined ? null : resolve(folder, issuer.logo),
    font: issuer?.font === undefined ? null : resolve(folder, issuer.font),
    tax:
      tax === undefined
        ? null
        : { mode: tax.mode, rates: tax.rates.map((rate) => ({ ...rate, charges: rate.charges ?? null })) },
    terms: { days: terms.days, text: terms.text ?? null },
    dunning: billing.dunning
      .map((step) => ({ afterDays: step.after_days, action: step.do }))
      .toSorted((one, other) => one.afterDays - other.afterDays),
  }
}

/** The `mail` part of the file. */
export function toMailConfig(file: Pick<File, 'mail' | 'billing'>, places: MailPlaces): MailConfig {
  const { mail } = file
  const { smtp } = mail
  return {
    from: mail.from ?? file.billing.issuer?.email ?? 'gatez@localhost',
    folder:
      mail.folder === undefined ? resolve(places.dataDir, 'outbox') : resolve(places.folder, mail.folder),
    smtp:
      smtp === undefined
        ? null
        : {
            host: smtp.host,
            port: smtp.port,
            tls: smtp.tls,
            user: smtp.user ?? null,
            password: smtp.secret?.value ?? null,
          },
  }
}

interface MailPlaces {
  readonly folder: string
  readonly dataDir: string
}
