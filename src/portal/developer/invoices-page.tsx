import { Anchor, Button } from '@mantine/core'
import { Link } from 'react-router'
import { useAsk } from '../shared/ask.ts'
import { DataTable } from '../shared/data-table.tsx'
import { money } from '../shared/figures.ts'
import { InvoiceState } from '../shared/invoice-state.tsx'
import { Page } from '../shared/page.tsx'
import { Paged, usePages } from '../shared/pager.tsx'
import { Panel } from '../shared/panel.tsx'
import { Empty } from '../shared/states.tsx'
import { periodText } from '../shared/times.ts'
import { When } from '../shared/when.tsx'

/** The invoices of an organisation, newest first. */
export function InvoicesPage() {
  const pages = usePages(25)
  const invoices = useAsk('myInvoices', pages.asked)
  return (
    <Page
      title="Invoices"
      about="Each opens down to the calls it is made of."
      actions={
        <Button component={Link} to="/invoices/next" variant="default">
          The next one so far
        </Button>
      }
    >
      <Panel isFlush>
        <Paged
          query={invoices}
          pages={pages}
          empty={<Empty title="No invoices yet">The first one comes when your billing period ends.</Empty>}
        >
          {(data) => (
            <DataTable
              caption="Invoices"
              rows={data}
              keyOf={({ id }) => id}
              columns={[
                {
                  title: 'Invoice',
                  cell: ({ id, number }) => (
                    <Anchor component={Link} to={`/invoices/${number ?? id}`}>
                      {number ?? id}
                    </Anchor>
                  ),
                },
                { title: 'Period', cell: (row) => periodText(row.period_start, row.period_end, 'UTC') },
                { title: 'State', cell: ({ state }) => <InvoiceState state={state} /> },
                { title: 'Sent', cell: ({ issued_at }) => <When at={issued_at} style="day" /> },
                { title: 'Due', cell: ({ due_at }) => <When at={due_at} style="day" /> },
                { title: 'Total', isFigure: true, cell: (row) => money(row.total, row.currency) },
                { title: 'To pay', isFigure: true, cell: (row) => money(row.due, row.currency) },
                {
                  title: 'File',
                  cell: ({ id, number }) => (
                    <Anchor href={`/api/portal/v1/invoices/${id}/file`} aria-label={`PDF of ${number ?? id}`}>
                      PDF
                    </Anchor>
                  ),
                },
              ]}
            />
          )}
        </Paged>
      </Panel>
    </Page>
  )
}
