import type { Quote, QuoteLine } from '../pricing/quote.ts'
import type { TableColumn } from './table.ts'

/** How a price was reached as a table: a row each, the sum, then what rounding makes of it. */
export function quoteTable({ lines, exact, amount, currency }: Quote): QuoteTable {
  return {
    columns: HEADINGS.map((title, index) => ({ title, ...(index > 0 && { align: 'right' as const }) })),
    rows: [
      ...lines.map(lineCells),
      ['Exactly', '', '', '', '', '', exact],
      [`Amount, ${currency}`, '', '', '', '', '', amount],
    ],
  }
}

export interface QuoteTable {
  readonly columns: readonly TableColumn[]
  readonly rows: readonly (readonly string[])[]
}

const HEADINGS = ['PART', 'OVER', 'UP TO', 'QUANTITY', 'PRICE', 'FLAT', 'AMOUNT'] as const

function lineCells(line: QuoteLine): readonly string[] {
  const { part, tier, over, up_to, quantity, unit, rate, flat, amount } = line
  const price = unit ?? (rate === undefined ? '' : `${rate}%`)
  return [
    tier === undefined ? part : `${part} ${tier}`,
    over ?? '',
    up_to === undefined ? '' : (up_to ?? '–'),
    quantity ?? '',
    price,
    flat ?? '',
    amount,
  ]
}
