import { SimpleGrid } from '@mantine/core'
import { FigureCard } from './figure-card.tsx'
import { bytes, money, quantity } from './figures.ts'
import { periodText } from './times.ts'
import { totalsOf } from './usage-rows.ts'

/** What a report comes to: calls, how many are billed, units and the amount. */
export function UsageFigures({ report, sent }: UsageFiguresProps) {
  const total = totalsOf(report.total)
  return (
    <SimpleGrid cols={{ base: 2, md: 4 }} spacing="sm">
      <FigureCard
        label="Calls"
        value={quantity(total.requests)}
        below={periodText(report.from, report.to, 'UTC')}
      />
      <FigureCard
        label="Billable"
        value={quantity(total.billable)}
        below={`${quantity(total.refused)} refused`}
      />
      <FigureCard
        label="Units"
        value={quantity(total.usage_units)}
        below={`${bytes(total.bytes_sent)} ${sent}`}
      />
      <FigureCard
        label="Amount"
        value={total.amount === undefined ? '–' : money(total.amount, report.currency ?? 'USD')}
        below="fees included, taxes not"
      />
    </SimpleGrid>
  )
}

export interface UsageFiguresProps {
  readonly report: {
    readonly from: string
    readonly to: string
    readonly total: object
    readonly currency?: string | undefined
  }
  /** Says of bytes where they went: `sent`. */
  readonly sent: string
}
