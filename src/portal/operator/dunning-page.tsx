import { Badge, Group } from '@mantine/core'
import type { ItemOf } from '../../control/client.ts'
import { useAsk } from '../shared/ask.ts'
import { DataTable } from '../shared/data-table.tsx'
import { money, quantity } from '../shared/figures.ts'
import { Page } from '../shared/page.tsx'
import { Paged, usePages } from '../shared/pager.tsx'
import { Panel } from '../shared/panel.tsx'
import { Empty } from '../shared/states.tsx'
import { localTime } from '../shared/times.ts'
import { TenantLink } from './call-rows.tsx'
import { InvoiceLink } from './invoices-page.tsx'

type Dunned = ItemOf<'listDunning'>

/** Invoices that were not paid in time: the steps that were taken, and those to come. */
export function DunningPage() {
  const pages = usePages()
  const dunning = useAsk('listDunning', pages.asked)
  return (
    <Page
      title="Dunning"
      about="Invoices past their day, the oldest debt first. The steps are taken by themselves."
    >
      <Panel isFlush>
        <Paged
          query={dunning}
          pages={pages}
          empty={<Empty title="Nobody is late">An invoice is here from the day after it was due.</Empty>}
        >
          {(data) => (
            <DataTable
              caption="Invoices past their day"
              rows={data}
              keyOf={({ id }) => id}
              columns={[
                { title: 'Invoice', cell: ({ id, number }) => <InvoiceLink id={id} number={number} /> },
                {
                  title: 'Tenant',
                  cell: (row) => <TenantLink id={row.tenant_id} name={row.tenant_name} />,
                },
                { title: 'Tenant is', cell: ({ tenant_state }) => tenant_state },
                { title: 'Days late', isFigure: true, cell: (row) => quantity(row.days_late) },
                { title: 'To pay', isFigure: true, cell: (row) => money(row.due, row.currency) },
                { title: 'Steps', cell: ({ steps }) => <Steps steps={steps} /> },
              ]}
            />
          )}
        </Paged>
      </Panel>
    </Page>
  )
}

function Steps({ steps }: { readonly steps: Dunned['steps'] }) {
  return (
    <Group gap={6} wrap="nowrap">
      {steps.map(({ action, after_days, taken_at, due_at }) => (
        <Badge key={`${action} ${after_days}`} color={taken_at === null ? 'gray' : 'orange'}>
          {action}, {localTime(taken_at ?? due_at, 'day')}
          {taken_at === null ? ' to come' : ''}
        </Badge>
      ))}
    </Group>
  )
}
