import { DataTable } from './data-table.tsx'
import { isZero, money } from './figures.ts'
import { Panel } from './panel.tsx'
import { When } from './when.tsx'

/** What happened to an invoice since it was made; nothing where nothing did. Who did it is said where it is known. */
export function InvoiceEntries({ entries, currency, isExact = false }: InvoiceEntriesProps) {
  if (entries.length === 0) return null
  const saysWho = entries.some(({ actor }) => actor !== undefined)
  return (
    <Panel title="What happened to it" isFlush>
      <DataTable
        caption="What happened to it"
        rows={entries}
        keyOf={({ at, kind }, index) => `${at} ${kind} ${index}`}
        columns={[
          { title: 'When', cell: ({ at }) => <When at={at} {...(isExact && { style: 'exact' })} /> },
          { title: 'What', cell: ({ kind }) => kind },
          ...(saysWho ? [{ title: 'Who', cell: ({ actor }: InvoiceEntry) => actor }] : []),
          {
            title: 'Amount',
            isFigure: true,
            cell: ({ amount }) => (isZero(amount) ? '–' : money(amount, currency)),
          },
        ]}
      />
    </Panel>
  )
}

export interface InvoiceEntriesProps {
  readonly entries: readonly InvoiceEntry[]
  readonly currency: string
  /** Whether times are said to the second. */
  readonly isExact?: boolean
}

interface InvoiceEntry {
  readonly at: string
  readonly kind: string
  readonly amount: string
  readonly actor?: string | undefined
}
