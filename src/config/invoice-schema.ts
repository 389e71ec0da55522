import * as z from 'zod'
import {
  parseFileName,
  parseMailAddress,
  parseMailHost,
  parseSecretText,
  parseWebsite,
} from './mail-values.ts'
import { id, oneOrMore, span, strict, text, whole } from './schema-parts.ts'
import { parseDecimal } from './values.ts'

/** The lines of an address, or of how to pay. */
const lines = z.array(z.string().min(1).max(120)).max(8, { error: 'must be at most 8 lines' })

const issuer = strict({
  name: z.string().min(1).max(120),
  address: lines.default([]),
  tax_id: z.string().min(1).max(60).optional(),
  email: text(parseMailAddress).optional(),
  website: text(parseWebsite).optional(),
  payment: lines.default([]),
  note: z.string().min(1).max(300).optional(),
  logo: text(parseFileName(['.png', '.jpg', '.jpeg'])).optional(),
  font: text(parseFileName(['.ttf', '.otf'])).optional(),
})

const taxRate = strict({
  id,
  name: z.string().min(1).max(60),
  rate: text(parseDecimal),
  charges: z.array(z.string()).min(1, oneOrMore('charge')).optional(),
})

const tax = strict({
  mode: z.enum(['exclusive', 'inclusive']).default('exclusive'),
  rates: z.array(taxRate).min(1, oneOrMore('rate')).max(8),
})

const terms = strict({
  days: whole(0, 365).default(14),
  text: z.string().min(1).max(300).optional(),
})

const dunningStep = strict({
  after_days: whole(0, 365),
  do: z.enum(['remind', 'suspend', 'uncollectible']),
})

/** How invoices are made: fields of `billing`. */
export const invoiceFields = {
  invoices: z.enum(['auto', 'review', 'manual']).default('auto'),
  close_after: span.prefault('5m'),
  issuer: issuer.optional(),
  tax: tax.optional(),
  terms: terms.prefault({}),
  dunning: z
    .array(dunningStep)
    .max(20)
    .prefault([
      { after_days: 3, do: 'remind' },
      { after_days: 14, do: 'remind' },
    ]),
}

/** How mail is sent; without `smtp` it is put into a folder. */
export const mailSchema = strict({
  from: text(parseMailAddress).optional(),
  folder: z.string().min(1).optional(),
  smtp: strict({
    host: text(parseMailHost),
    port: whole(1, 65_535).default(587),
    tls: z.enum(['always', 'starttls', 'off']).default('starttls'),
    user: z.string().min(1).optional(),
    secret: strict({ value: text(parseSecretText) }).optional(),
  }).optional(),
})
