import { expect, test } from 'vitest'
import { renderInvoice } from '../../../src/billing/render/render-invoice.ts'
import type { Invoice } from '../../../src/model/invoice.ts'
import { invoiceScene, MARCH_2026 } from '../../support/invoice-scene.ts'

const look = { logo: null, font: null }

async function sample(name: string): Promise<Invoice> {
  const scene = await invoiceScene({
    tenants: [{ name }],
    rollups: [{ bucketMs: MARCH_2026.startMs, requests: 1_234_567 }],
    invoicing: {
      issuer: {
        name: 'DataForge GmbH',
        address: ['Lindenstraße 12', '10969 Berlin'],
        taxId: 'VAT DE123456789',
        email: 'billing@dataforge.example',
        website: null,
        payment: ['IBAN DE02 1203 0000 0000 2020 51'],
        note: null,
      },
      tax: { mode: 'exclusive', rates: [{ id: 'vat', name: 'VAT', rate: '19', charges: null }] },
    },
  })
  const [invoice] = (await scene.run()).made
  if (invoice === undefined) throw new Error('no invoice was made')
  return invoice
}

test.each(['pdf', 'html', 'json', 'csv'] as const)(
  '%s of one invoice has the same bytes each time',
  async (format) => {
    const invoice = await sample('Acme')
    const [one, other] = [
      await renderInvoice(invoice, [], { format, look }),
      await renderInvoice(structuredClone(invoice), [], { format, look }),
    ]
    expect(one.equals(other)).toBe(true)
    expect(one.length).toBeGreaterThan(500)
  },
)

test('the PDF is one, and carries its number as its title', async () => {
  const pdf = (await renderInvoice(await sample('Łódź 株式会社'), [], { format: 'pdf', look })).toString(
    'latin1',
  )
  expect(pdf.slice(0, 5)).toBe('%PDF-')
  // Texts of PDF are UTF-16 where they are not plain: a NUL before each letter.
  expect(pdf.replaceAll('\0', '')).toContain('Invoice INV-2026-0001)')
  expect(pdf.trimEnd().endsWith('%%EOF')).toBe(true)
})

test('what a tenant calls itself cannot become markup', async () => {
  const invoice = await sample(`<script>alert("1")</script> & 'Söhne'`)
  const html = (await renderInvoice(invoice, [], { format: 'html', look })).toString()
  expect(html).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;Söhne&#39;')
  expect(html).not.toMatch(/<script/)
  expect(html).toContain('1,234,567')
  expect(html).toContain("default-src 'none'")
})

test('the rows of the CSV add up to the total, and a name cannot run as a formula', async () => {
  const invoice = await sample('=1+1')
  const csv = (await renderInvoice(invoice, [], { format: 'csv', look })).toString()
  const [head = '', ...rows] = csv.trimEnd().split('\r\n')
  const amount = head.split(',').indexOf('amount')
  const cents = rows.map((row) => BigInt((row.split(',')[amount] ?? '').replace('.', '')))
  expect(cents.reduce((sum, each) => sum + each, 0n)).toBe(invoice.totalMinor)
  expect(csv).toContain("'=1+1")
})
